"""Tab in bash, zsh, fish and PowerShell: scripts written from the app, and what they ask for at a Tab.

`scripts` picks the script: `bash`, `zsh`, `fish`, `powershell`; `install` puts it in place. At a Tab the scripts
ask `answers`, which finds the columns of a file with `columns`.
"""
