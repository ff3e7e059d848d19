"""The places that models come from: one interface (`base.Source`), one file each.

- sources: `folder`, `hub` (with `hub_client`, `hub_cache`, `hub_verification`), `starter`, `firefox`, `alias`,
  `converted` (of `.gguf`), `graphs` (of models whose step is a graph)
- what nlpcli makes itself: `made` (a folder with a manifest), out of a `wheel` or several (`wheel_parts`), by a
  `conversion`, with an `adapter`; `hashing` proves it
"""
