"""Tab in bash, zsh, fish and PowerShell: scripts written from the app, and what they ask for at a Tab."""
