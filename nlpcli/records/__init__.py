"""Text in, results out: readers and writers of every format; knows no model.

- in: `inputs` (files and streams), `identity` (which file a name stands for, and what a run writes), `content` (what
  first bytes say), `compression`, `formats`; `readers` over `splitting`, `delimited`, `json_stream`, `json_text`,
  `parquet` and `arrow`
- apart: `ranges` (shards of inputs); elsewhere: `remote/` (buckets, the hub, the web)
- a unit: `record`, `keys` (what tells two apart), `field_path`, `in_place`, `template`, `schema`, `inspection` (of
  attention), `attribution` (the field `why`), `finite`
- out: `outputs` and `output_folder` (where), `part_files`, `durable` and `spool` (whole or not at all), `table`
  (columns), `writers` and `table_writer`; for Parquet `arrow_columns` (from values) and `parquet_spool` (a schema that
  may grow)
- `mask_map`: what tokens of personal data stand for
"""
