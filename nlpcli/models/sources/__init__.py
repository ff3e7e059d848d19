"""The places that models come from: one interface (`base.Source`), one file each."""
