# PowerShell completion for nlpcli: nlpcli --show-completion powershell
# Written by nlpcli itself; dot-source it from $PROFILE.

Register-ArgumentCompleter -Native -CommandName nlpcli -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # Tables whose keys heed case: -v is not -V. Each line of a table's entry: what is typed, a tab, what it is.
    $commands = [System.Collections.Hashtable]::new()
    $options = [System.Collections.Hashtable]::new()
    # The kind of a value: FILES, a list of choices, or what nlpcli itself knows.
    $kinds = [System.Collections.Hashtable]::new()
    $arguments = [System.Collections.Hashtable]::new()
    $commands[''] = @(
        ("{0}`t{1}" -f 'generate', 'Continue or answer prompts, as text or as JSON of a schema.')
        ("{0}`t{1}" -f 'translate', 'Translate texts, keeping lines, markup and placeholders.')
        ("{0}`t{1}" -f 'summarize', 'Shorten documents of any length.')
        ("{0}`t{1}" -f 'sentiment', 'Label texts as negative, neutral or positive, or with your own labels.')
        ("{0}`t{1}" -f 'embed', 'Turn texts into vectors, search by meaning, compare texts.')
        ("{0}`t{1}" -f 'extract', 'Find names, places, dates and other key information in texts, with where it stands.')
        ("{0}`t{1}" -f 'attention-inspect', 'Show, measure and check what each attention head of a model does with a text.')
        ("{0}`t{1}" -f 'models', 'List, fetch, remove and check the models on this machine.')
        ("{0}`t{1}" -f 'config', 'Show every setting and where it comes from.')
        ("{0}`t{1}" -f 'bench', 'Measure the fastest settings of a model on this machine, for `auto` to use.')
        ("{0}`t{1}" -f 'devices', 'Show which device and dtype `auto` picks here, and why.')
    )
    $options[''] = @(
        ("{0}`t{1}" -f '-V', 'Print the version and exit.')
        ("{0}`t{1}" -f '--version', 'Print the version and exit.')
        ("{0}`t{1}" -f '--profile', 'Settings of [profile.NAME] in config.toml.')
        ("{0}`t{1}" -f '--install-completion', 'Set up Tab in your shell; asks before it changes a file.')
        ("{0}`t{1}" -f '--show-completion', 'Print the completion script of a shell: bash, zsh, fish or powershell.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' --profile'] = 'profiles'
    $kinds[' --install-completion'] = @('bash', 'zsh', 'fish', 'powershell')
    $kinds[' --show-completion'] = @('bash', 'zsh', 'fish', 'powershell')
    $options[' generate'] = @(
        ("{0}`t{1}" -f '--system', 'What the model is told before the prompt (chat models).')
        ("{0}`t{1}" -f '--max-tokens', 'Longest completion. Default: 256.')
        ("{0}`t{1}" -f '--temperature', 'How freely to draw; 0, or 0.001 and more. Default: the model''s own, else 0.7.')
        ("{0}`t{1}" -f '--top-p', 'Draw from the likeliest tokens that reach P.')
        ("{0}`t{1}" -f '--top-k', 'Draw from the K likeliest tokens. 0: from all.')
        ("{0}`t{1}" -f '--greedy', 'Always the likeliest token; nothing is drawn.')
        ("{0}`t{1}" -f '--no-greedy', 'Always the likeliest token; nothing is drawn.')
        ("{0}`t{1}" -f '--stop', 'End before this text. Repeatable.')
        ("{0}`t{1}" -f '--n', 'Completions of each prompt.')
        ("{0}`t{1}" -f '--raw', 'Continue the text as it is: no chat template.')
        ("{0}`t{1}" -f '--no-raw', 'Continue the text as it is: no chat template.')
        ("{0}`t{1}" -f '--schema', 'JSON Schema; every completion is valid against it, or an error.')
        ("{0}`t{1}" -f '--template', 'Jinja template that makes the prompt of a record''s fields.')
        ("{0}`t{1}" -f '--stream', 'Show text while it is written. Default: where the output is text.')
        ("{0}`t{1}" -f '--no-stream', 'Show text while it is written. Default: where the output is text.')
        ("{0}`t{1}" -f '-i', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input-format', 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.')
        ("{0}`t{1}" -f '--field', 'Column or key that holds the text of structured input.')
        ("{0}`t{1}" -f '--delimiter', 'Between the columns of CSV or TSV input; \t is a tab.')
        ("{0}`t{1}" -f '--quote', 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.')
        ("{0}`t{1}" -f '--no-header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--per', 'What makes a record of plain text.')
        ("{0}`t{1}" -f '-0', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--no-null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--encoding', 'Encoding of text input.')
        ("{0}`t{1}" -f '-o', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '--output', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '-F', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--format', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--on-error', 'A record that fails: end the run, leave it out, or keep it with its error.')
        ("{0}`t{1}" -f '-m', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--model', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--revision', 'Branch, tag or commit on the hub.')
        ("{0}`t{1}" -f '--device', 'auto, cpu, cuda, cuda:N or mps.')
        ("{0}`t{1}" -f '--dtype', 'auto, float32, bfloat16, float16, int8 or int4.')
        ("{0}`t{1}" -f '--batch-tokens', 'Padded tokens per batch, at most 10,000,000.')
        ("{0}`t{1}" -f '--threads', 'CPU threads. Default: all cores.')
        ("{0}`t{1}" -f '--seed', 'Seed of the random numbers.')
        ("{0}`t{1}" -f '--offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--no-offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--profile', 'Settings of [profile.NAME] in config.toml.')
        ("{0}`t{1}" -f '--progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '--no-progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '-q', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--no-quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '-v', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--no-verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' generate --system'] = @()
    $kinds[' generate --max-tokens'] = @()
    $kinds[' generate --temperature'] = @()
    $kinds[' generate --top-p'] = @()
    $kinds[' generate --top-k'] = @()
    $kinds[' generate --stop'] = @()
    $kinds[' generate --n'] = @()
    $kinds[' generate --schema'] = 'FILES'
    $kinds[' generate --template'] = 'FILES'
    $kinds[' generate -i'] = 'FILES'
    $kinds[' generate --input'] = 'FILES'
    $kinds[' generate --input-format'] = @('txt', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'docx')
    $kinds[' generate --field'] = 'fields'
    $kinds[' generate --delimiter'] = @()
    $kinds[' generate --quote'] = @()
    $kinds[' generate --per'] = @('line', 'paragraph', 'document')
    $kinds[' generate --encoding'] = @('utf-8', 'utf-16', 'gb18030', 'big5', 'shift_jis', 'latin-1', 'cp1252')
    $kinds[' generate -o'] = 'FILES'
    $kinds[' generate --output'] = 'FILES'
    $kinds[' generate -F'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' generate --format'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' generate --on-error'] = @('fail', 'skip', 'keep')
    $kinds[' generate -m'] = 'models'
    $kinds[' generate --model'] = 'models'
    $kinds[' generate --revision'] = @()
    $kinds[' generate --device'] = 'devices'
    $kinds[' generate --dtype'] = @('auto', 'float32', 'bfloat16', 'float16', 'int8', 'int4')
    $kinds[' generate --batch-tokens'] = @('auto')
    $kinds[' generate --threads'] = @()
    $kinds[' generate --seed'] = @()
    $kinds[' generate --profile'] = 'profiles'
    $options[' translate'] = @(
        ("{0}`t{1}" -f '--from', 'Language of the text: a code or a name. Default: detected.')
        ("{0}`t{1}" -f '--to', 'Language to translate into. Default: the one that the model has.')
        ("{0}`t{1}" -f '--markup', 'What to keep as it is. auto: by the suffix of the file.')
        ("{0}`t{1}" -f '--glossary', 'Terms that must be translated so: two columns with a tab between.')
        ("{0}`t{1}" -f '--beams', 'Width of the search; 1 takes the best word.')
        ("{0}`t{1}" -f '--shortlist', 'Look only at words that go with those of the text: faster. Default: with --dtype auto or int8.')
        ("{0}`t{1}" -f '--no-shortlist', 'Look only at words that go with those of the text: faster. Default: with --dtype auto or int8.')
        ("{0}`t{1}" -f '--scores', 'Add `confidence`: how good a translation is likely to be, 0 to 1.')
        ("{0}`t{1}" -f '--no-scores', 'Add `confidence`: how good a translation is likely to be, 0 to 1.')
        ("{0}`t{1}" -f '--min-confidence', 'Below it a translation is an error, for a person to look at.')
        ("{0}`t{1}" -f '-i', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input-format', 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.')
        ("{0}`t{1}" -f '--field', 'Column or key that holds the text of structured input.')
        ("{0}`t{1}" -f '--delimiter', 'Between the columns of CSV or TSV input; \t is a tab.')
        ("{0}`t{1}" -f '--quote', 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.')
        ("{0}`t{1}" -f '--no-header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--per', 'What makes a record of plain text.')
        ("{0}`t{1}" -f '-0', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--no-null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--encoding', 'Encoding of text input.')
        ("{0}`t{1}" -f '-o', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '--output', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '-F', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--format', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--on-error', 'A record that fails: end the run, leave it out, or keep it with its error.')
        ("{0}`t{1}" -f '-m', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--model', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--revision', 'Branch, tag or commit on the hub.')
        ("{0}`t{1}" -f '--device', 'auto, cpu, cuda, cuda:N or mps.')
        ("{0}`t{1}" -f '--dtype', 'auto, float32, bfloat16, float16, int8 or int4.')
        ("{0}`t{1}" -f '--batch-tokens', 'Padded tokens per batch, at most 10,000,000.')
        ("{0}`t{1}" -f '--threads', 'CPU threads. Default: all cores.')
        ("{0}`t{1}" -f '--seed', 'Seed of the random numbers.')
        ("{0}`t{1}" -f '--offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--no-offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--profile', 'Settings of [profile.NAME] in config.toml.')
        ("{0}`t{1}" -f '--progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '--no-progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '-q', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--no-quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '-v', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--no-verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' translate --from'] = 'languages'
    $kinds[' translate --to'] = 'languages'
    $kinds[' translate --markup'] = @('auto', 'none', 'html', 'markdown', 'srt', 'vtt', 'po', 'xliff', 'docx')
    $kinds[' translate --glossary'] = 'FILES'
    $kinds[' translate --beams'] = @()
    $kinds[' translate --min-confidence'] = @()
    $kinds[' translate -i'] = 'FILES'
    $kinds[' translate --input'] = 'FILES'
    $kinds[' translate --input-format'] = @('txt', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'docx')
    $kinds[' translate --field'] = 'fields'
    $kinds[' translate --delimiter'] = @()
    $kinds[' translate --quote'] = @()
    $kinds[' translate --per'] = @('line', 'paragraph', 'document')
    $kinds[' translate --encoding'] = @('utf-8', 'utf-16', 'gb18030', 'big5', 'shift_jis', 'latin-1', 'cp1252')
    $kinds[' translate -o'] = 'FILES'
    $kinds[' translate --output'] = 'FILES'
    $kinds[' translate -F'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' translate --format'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' translate --on-error'] = @('fail', 'skip', 'keep')
    $kinds[' translate -m'] = 'models'
    $kinds[' translate --model'] = 'models'
    $kinds[' translate --revision'] = @()
    $kinds[' translate --device'] = 'devices'
    $kinds[' translate --dtype'] = @('auto', 'float32', 'bfloat16', 'float16', 'int8', 'int4')
    $kinds[' translate --batch-tokens'] = @('auto')
    $kinds[' translate --threads'] = @()
    $kinds[' translate --seed'] = @()
    $kinds[' translate --profile'] = 'profiles'
    $options[' summarize'] = @(
        ("{0}`t{1}" -f '--length', 'Beside the text: of 1,000 words about 50, 95 or 190 stay.')
        ("{0}`t{1}" -f '--max-words', 'Never more words (in Chinese: characters) than that.')
        ("{0}`t{1}" -f '--method', 'Sentences of the text (extractive) or the model''s own; auto: what the model can.')
        ("{0}`t{1}" -f '--bullets', 'A list with one sentence a line.')
        ("{0}`t{1}" -f '--no-bullets', 'A list with one sentence a line.')
        ("{0}`t{1}" -f '--markup', 'Read the prose of a page or of Markdown alone. auto: by the suffix of the file.')
        ("{0}`t{1}" -f '-i', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input-format', 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.')
        ("{0}`t{1}" -f '--field', 'Column or key that holds the text of structured input.')
        ("{0}`t{1}" -f '--delimiter', 'Between the columns of CSV or TSV input; \t is a tab.')
        ("{0}`t{1}" -f '--quote', 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.')
        ("{0}`t{1}" -f '--no-header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--per', 'What makes a record of plain text.')
        ("{0}`t{1}" -f '-0', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--no-null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--encoding', 'Encoding of text input.')
        ("{0}`t{1}" -f '-o', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '--output', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '-F', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--format', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--on-error', 'A record that fails: end the run, leave it out, or keep it with its error.')
        ("{0}`t{1}" -f '-m', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--model', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--revision', 'Branch, tag or commit on the hub.')
        ("{0}`t{1}" -f '--device', 'auto, cpu, cuda, cuda:N or mps.')
        ("{0}`t{1}" -f '--dtype', 'auto, float32, bfloat16, float16, int8 or int4.')
        ("{0}`t{1}" -f '--batch-tokens', 'Padded tokens per batch, at most 10,000,000.')
        ("{0}`t{1}" -f '--threads', 'CPU threads. Default: all cores.')
        ("{0}`t{1}" -f '--seed', 'Seed of the random numbers.')
        ("{0}`t{1}" -f '--offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--no-offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--profile', 'Settings of [profile.NAME] in config.toml.')
        ("{0}`t{1}" -f '--progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '--no-progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '-q', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--no-quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '-v', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--no-verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' summarize --length'] = @('short', 'medium', 'long')
    $kinds[' summarize --max-words'] = @()
    $kinds[' summarize --method'] = @('auto', 'abstractive', 'extractive')
    $kinds[' summarize --markup'] = @('auto', 'none', 'html', 'markdown')
    $kinds[' summarize -i'] = 'FILES'
    $kinds[' summarize --input'] = 'FILES'
    $kinds[' summarize --input-format'] = @('txt', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'docx')
    $kinds[' summarize --field'] = 'fields'
    $kinds[' summarize --delimiter'] = @()
    $kinds[' summarize --quote'] = @()
    $kinds[' summarize --per'] = @('line', 'paragraph', 'document')
    $kinds[' summarize --encoding'] = @('utf-8', 'utf-16', 'gb18030', 'big5', 'shift_jis', 'latin-1', 'cp1252')
    $kinds[' summarize -o'] = 'FILES'
    $kinds[' summarize --output'] = 'FILES'
    $kinds[' summarize -F'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' summarize --format'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' summarize --on-error'] = @('fail', 'skip', 'keep')
    $kinds[' summarize -m'] = 'models'
    $kinds[' summarize --model'] = 'models'
    $kinds[' summarize --revision'] = @()
    $kinds[' summarize --device'] = 'devices'
    $kinds[' summarize --dtype'] = @('auto', 'float32', 'bfloat16', 'float16', 'int8', 'int4')
    $kinds[' summarize --batch-tokens'] = @('auto')
    $kinds[' summarize --threads'] = @()
    $kinds[' summarize --seed'] = @()
    $kinds[' summarize --profile'] = 'profiles'
    $options[' sentiment'] = @(
        ("{0}`t{1}" -f '--all-scores', 'Give the score of every label, not only of the best.')
        ("{0}`t{1}" -f '--no-all-scores', 'Give the score of every label, not only of the best.')
        ("{0}`t{1}" -f '--threshold', 'Below this score a label does not hold (then: none). Default: any.')
        ("{0}`t{1}" -f '--aggregate', 'Print how often each label is given, its share and its mean score.')
        ("{0}`t{1}" -f '--no-aggregate', 'Print how often each label is given, its share and its mean score.')
        ("{0}`t{1}" -f '--labels', 'Your own labels instead of the model''s, without training (zero-shot).')
        ("{0}`t{1}" -f '--why', 'Show which tokens made each result (JSON: the field `why`).')
        ("{0}`t{1}" -f '--no-why', 'Show which tokens made each result (JSON: the field `why`).')
        ("{0}`t{1}" -f '--html', 'With --why: a page with the tokens of each result.')
        ("{0}`t{1}" -f '--hypothesis', 'The sentence that --labels are put into, at {}.')
        ("{0}`t{1}" -f '-i', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input-format', 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.')
        ("{0}`t{1}" -f '--field', 'Column or key that holds the text of structured input.')
        ("{0}`t{1}" -f '--delimiter', 'Between the columns of CSV or TSV input; \t is a tab.')
        ("{0}`t{1}" -f '--quote', 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.')
        ("{0}`t{1}" -f '--no-header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--per', 'What makes a record of plain text.')
        ("{0}`t{1}" -f '-0', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--no-null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--encoding', 'Encoding of text input.')
        ("{0}`t{1}" -f '-o', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '--output', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '-F', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--format', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--on-error', 'A record that fails: end the run, leave it out, or keep it with its error.')
        ("{0}`t{1}" -f '-m', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--model', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--revision', 'Branch, tag or commit on the hub.')
        ("{0}`t{1}" -f '--device', 'auto, cpu, cuda, cuda:N or mps.')
        ("{0}`t{1}" -f '--dtype', 'auto, float32, bfloat16, float16, int8 or int4.')
        ("{0}`t{1}" -f '--batch-tokens', 'Padded tokens per batch, at most 10,000,000.')
        ("{0}`t{1}" -f '--threads', 'CPU threads. Default: all cores.')
        ("{0}`t{1}" -f '--seed', 'Seed of the random numbers.')
        ("{0}`t{1}" -f '--offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--no-offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--profile', 'Settings of [profile.NAME] in config.toml.')
        ("{0}`t{1}" -f '--progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '--no-progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '-q', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--no-quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '-v', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--no-verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' sentiment --threshold'] = @()
    $kinds[' sentiment --labels'] = @()
    $kinds[' sentiment --html'] = 'FILES'
    $kinds[' sentiment --hypothesis'] = @()
    $kinds[' sentiment -i'] = 'FILES'
    $kinds[' sentiment --input'] = 'FILES'
    $kinds[' sentiment --input-format'] = @('txt', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'docx')
    $kinds[' sentiment --field'] = 'fields'
    $kinds[' sentiment --delimiter'] = @()
    $kinds[' sentiment --quote'] = @()
    $kinds[' sentiment --per'] = @('line', 'paragraph', 'document')
    $kinds[' sentiment --encoding'] = @('utf-8', 'utf-16', 'gb18030', 'big5', 'shift_jis', 'latin-1', 'cp1252')
    $kinds[' sentiment -o'] = 'FILES'
    $kinds[' sentiment --output'] = 'FILES'
    $kinds[' sentiment -F'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' sentiment --format'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' sentiment --on-error'] = @('fail', 'skip', 'keep')
    $kinds[' sentiment -m'] = 'models'
    $kinds[' sentiment --model'] = 'models'
    $kinds[' sentiment --revision'] = @()
    $kinds[' sentiment --device'] = 'devices'
    $kinds[' sentiment --dtype'] = @('auto', 'float32', 'bfloat16', 'float16', 'int8', 'int4')
    $kinds[' sentiment --batch-tokens'] = @('auto')
    $kinds[' sentiment --threads'] = @()
    $kinds[' sentiment --seed'] = @()
    $kinds[' sentiment --profile'] = 'profiles'
    $options[' embed'] = @(
        ("{0}`t{1}" -f '--search', 'Print the records nearest in meaning to QUERY, best first.')
        ("{0}`t{1}" -f '--similarity', 'Print all pairs of records by cosine similarity, best first.')
        ("{0}`t{1}" -f '--no-similarity', 'Print all pairs of records by cosine similarity, best first.')
        ("{0}`t{1}" -f '--top', 'How many results of --search (10) or --similarity (all).')
        ("{0}`t{1}" -f '--chunks', 'A vector for each window of a record, with its place in the text.')
        ("{0}`t{1}" -f '--no-chunks', 'A vector for each window of a record, with its place in the text.')
        ("{0}`t{1}" -f '--plot', 'Draw a map of the records (PCA) as .png or .svg.')
        ("{0}`t{1}" -f '--pooling', 'How token vectors become one; auto: as the model says; sif: rare words count more.')
        ("{0}`t{1}" -f '--normalize', 'Unit length. Default: as the model says.')
        ("{0}`t{1}" -f '--no-normalize', 'Unit length. Default: as the model says.')
        ("{0}`t{1}" -f '--dim', 'Keep the first N numbers (Matryoshka models).')
        ("{0}`t{1}" -f '--precision', 'Type of the numbers.')
        ("{0}`t{1}" -f '--prompt', 'A prompt of the model by name, or text put before each.')
        ("{0}`t{1}" -f '-i', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input-format', 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.')
        ("{0}`t{1}" -f '--field', 'Column or key that holds the text of structured input.')
        ("{0}`t{1}" -f '--delimiter', 'Between the columns of CSV or TSV input; \t is a tab.')
        ("{0}`t{1}" -f '--quote', 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.')
        ("{0}`t{1}" -f '--no-header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--per', 'What makes a record of plain text.')
        ("{0}`t{1}" -f '-0', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--no-null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--encoding', 'Encoding of text input.')
        ("{0}`t{1}" -f '-o', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '--output', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '-F', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--format', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--on-error', 'A record that fails: end the run, leave it out, or keep it with its error.')
        ("{0}`t{1}" -f '-m', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--model', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--revision', 'Branch, tag or commit on the hub.')
        ("{0}`t{1}" -f '--device', 'auto, cpu, cuda, cuda:N or mps.')
        ("{0}`t{1}" -f '--dtype', 'auto, float32, bfloat16, float16, int8 or int4.')
        ("{0}`t{1}" -f '--batch-tokens', 'Padded tokens per batch, at most 10,000,000.')
        ("{0}`t{1}" -f '--threads', 'CPU threads. Default: all cores.')
        ("{0}`t{1}" -f '--seed', 'Seed of the random numbers.')
        ("{0}`t{1}" -f '--offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--no-offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--profile', 'Settings of [profile.NAME] in config.toml.')
        ("{0}`t{1}" -f '--progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '--no-progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '-q', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--no-quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '-v', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--no-verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' embed --search'] = @()
    $kinds[' embed --top'] = @()
    $kinds[' embed --plot'] = 'FILES'
    $kinds[' embed --pooling'] = @('auto', 'mean', 'cls', 'last', 'sif')
    $kinds[' embed --dim'] = @()
    $kinds[' embed --precision'] = @('float32', 'float16', 'int8', 'binary')
    $kinds[' embed --prompt'] = @()
    $kinds[' embed -i'] = 'FILES'
    $kinds[' embed --input'] = 'FILES'
    $kinds[' embed --input-format'] = @('txt', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'docx')
    $kinds[' embed --field'] = 'fields'
    $kinds[' embed --delimiter'] = @()
    $kinds[' embed --quote'] = @()
    $kinds[' embed --per'] = @('line', 'paragraph', 'document')
    $kinds[' embed --encoding'] = @('utf-8', 'utf-16', 'gb18030', 'big5', 'shift_jis', 'latin-1', 'cp1252')
    $kinds[' embed -o'] = 'FILES'
    $kinds[' embed --output'] = 'FILES'
    $kinds[' embed -F'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' embed --format'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' embed --on-error'] = @('fail', 'skip', 'keep')
    $kinds[' embed -m'] = 'models'
    $kinds[' embed --model'] = 'models'
    $kinds[' embed --revision'] = @()
    $kinds[' embed --device'] = 'devices'
    $kinds[' embed --dtype'] = @('auto', 'float32', 'bfloat16', 'float16', 'int8', 'int4')
    $kinds[' embed --batch-tokens'] = @('auto')
    $kinds[' embed --threads'] = @()
    $kinds[' embed --seed'] = @()
    $kinds[' embed --profile'] = 'profiles'
    $options[' extract'] = @(
        ("{0}`t{1}" -f '--types', 'Only entities of these types, by the model''s names.')
        ("{0}`t{1}" -f '--aggregation', 'How the pieces of a word make its label; simple: each piece by itself.')
        ("{0}`t{1}" -f '--offsets', 'What start and end count: code points, or bytes of UTF-8.')
        ("{0}`t{1}" -f '--count', 'Print how often each was found in all of the input, instead of where.')
        ("{0}`t{1}" -f '--no-count', 'Print how often each was found in all of the input, instead of where.')
        ("{0}`t{1}" -f '--mask', 'Put tokens such as <EMAIL_1> in the place of personal data.')
        ("{0}`t{1}" -f '--no-mask', 'Put tokens such as <EMAIL_1> in the place of personal data.')
        ("{0}`t{1}" -f '--unmask', 'Put back what tokens stand for, also in a translation or a summary.')
        ("{0}`t{1}" -f '--no-unmask', 'Put back what tokens stand for, also in a translation or a summary.')
        ("{0}`t{1}" -f '--map', 'What the tokens of --mask stand for: kept there, or read by --unmask.')
        ("{0}`t{1}" -f '--kinds', 'What --mask masks: all (default), url, email, iban, card, mac, ip, birth-date, id, phone; and types of entities of the model, such as PERSON.')
        ("{0}`t{1}" -f '--originals', 'Let --mask keep the texts as they were in structured output, too.')
        ("{0}`t{1}" -f '--no-originals', 'Let --mask keep the texts as they were in structured output, too.')
        ("{0}`t{1}" -f '-i', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input-format', 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.')
        ("{0}`t{1}" -f '--field', 'Column or key that holds the text of structured input.')
        ("{0}`t{1}" -f '--delimiter', 'Between the columns of CSV or TSV input; \t is a tab.')
        ("{0}`t{1}" -f '--quote', 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.')
        ("{0}`t{1}" -f '--no-header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--per', 'What makes a record of plain text.')
        ("{0}`t{1}" -f '-0', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--no-null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--encoding', 'Encoding of text input.')
        ("{0}`t{1}" -f '-o', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '--output', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '-F', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--format', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--on-error', 'A record that fails: end the run, leave it out, or keep it with its error.')
        ("{0}`t{1}" -f '-m', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--model', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--revision', 'Branch, tag or commit on the hub.')
        ("{0}`t{1}" -f '--device', 'auto, cpu, cuda, cuda:N or mps.')
        ("{0}`t{1}" -f '--dtype', 'auto, float32, bfloat16, float16, int8 or int4.')
        ("{0}`t{1}" -f '--batch-tokens', 'Padded tokens per batch, at most 10,000,000.')
        ("{0}`t{1}" -f '--threads', 'CPU threads. Default: all cores.')
        ("{0}`t{1}" -f '--seed', 'Seed of the random numbers.')
        ("{0}`t{1}" -f '--offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--no-offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--profile', 'Settings of [profile.NAME] in config.toml.')
        ("{0}`t{1}" -f '--progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '--no-progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '-q', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--no-quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '-v', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--no-verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' extract --types'] = @()
    $kinds[' extract --aggregation'] = @('simple', 'first', 'average', 'max')
    $kinds[' extract --offsets'] = @('characters', 'bytes')
    $kinds[' extract --map'] = 'FILES'
    $kinds[' extract --kinds'] = @()
    $kinds[' extract -i'] = 'FILES'
    $kinds[' extract --input'] = 'FILES'
    $kinds[' extract --input-format'] = @('txt', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'docx')
    $kinds[' extract --field'] = 'fields'
    $kinds[' extract --delimiter'] = @()
    $kinds[' extract --quote'] = @()
    $kinds[' extract --per'] = @('line', 'paragraph', 'document')
    $kinds[' extract --encoding'] = @('utf-8', 'utf-16', 'gb18030', 'big5', 'shift_jis', 'latin-1', 'cp1252')
    $kinds[' extract -o'] = 'FILES'
    $kinds[' extract --output'] = 'FILES'
    $kinds[' extract -F'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' extract --format'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' extract --on-error'] = @('fail', 'skip', 'keep')
    $kinds[' extract -m'] = 'models'
    $kinds[' extract --model'] = 'models'
    $kinds[' extract --revision'] = @()
    $kinds[' extract --device'] = 'devices'
    $kinds[' extract --dtype'] = @('auto', 'float32', 'bfloat16', 'float16', 'int8', 'int4')
    $kinds[' extract --batch-tokens'] = @('auto')
    $kinds[' extract --threads'] = @()
    $kinds[' extract --seed'] = @()
    $kinds[' extract --profile'] = 'profiles'
    $options[' attention-inspect'] = @(
        ("{0}`t{1}" -f '--layer', 'Only these layers, from 0: 3 or 0,2 or 4-7; -1 is the last. Default: all.')
        ("{0}`t{1}" -f '--head', 'Only these heads, in the same way.')
        ("{0}`t{1}" -f '--part', 'Which part of a model that reads texts and sees pictures; nlpcli gives it texts alone.')
        ("{0}`t{1}" -f '--pair', 'The second segment of an encoder, or the output that an encoder-decoder is given.')
        ("{0}`t{1}" -f '--method', 'The weights, attention rollout through the layers, gradient × attention; or what each token of the text makes of the answer (integrated gradients).')
        ("{0}`t{1}" -f '--ablate', 'The answer without head H of layer L, beside what it is with it. Repeatable; cross:L.H, decoder:L.H, self:L.H where a model attends in several ways.')
        ("{0}`t{1}" -f '--top', 'Name the K strongest links of each head.')
        ("{0}`t{1}" -f '--verify', 'Recompute softmax(QKᵀ/√d_k)V of every layer and print the differences.')
        ("{0}`t{1}" -f '--no-verify', 'Recompute softmax(QKᵀ/√d_k)V of every layer and print the differences.')
        ("{0}`t{1}" -f '--html', 'Write a page with all heads to look at in a browser.')
        ("{0}`t{1}" -f '--png', 'Draw the heads as .png or .svg.')
        ("{0}`t{1}" -f '--npz', 'Save the matrices for numpy.')
        ("{0}`t{1}" -f '-i', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input', 'Read files, or every file below a folder: all that stand behind it, up to the next option.')
        ("{0}`t{1}" -f '--input-format', 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.')
        ("{0}`t{1}" -f '--field', 'Column or key that holds the text of structured input.')
        ("{0}`t{1}" -f '--delimiter', 'Between the columns of CSV or TSV input; \t is a tab.')
        ("{0}`t{1}" -f '--quote', 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.')
        ("{0}`t{1}" -f '--no-header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--header', 'CSV or TSV input begins with a row; its columns are named 1, 2, …')
        ("{0}`t{1}" -f '--per', 'What makes a record of plain text.')
        ("{0}`t{1}" -f '-0', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--no-null', 'Records end in NUL, on input and output.')
        ("{0}`t{1}" -f '--encoding', 'Encoding of text input.')
        ("{0}`t{1}" -f '-o', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '--output', 'Write to a file, whole or not at all; DIR/: one output per input file.')
        ("{0}`t{1}" -f '-F', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--format', 'Output format. Default: that of structured input, else text.')
        ("{0}`t{1}" -f '--on-error', 'A record that fails: end the run, leave it out, or keep it with its error.')
        ("{0}`t{1}" -f '-m', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--model', 'A name of the catalogue, a hub id, a folder, a .gguf file or word vectors.')
        ("{0}`t{1}" -f '--revision', 'Branch, tag or commit on the hub.')
        ("{0}`t{1}" -f '--device', 'auto, cpu, cuda, cuda:N or mps.')
        ("{0}`t{1}" -f '--dtype', 'auto, float32, bfloat16, float16, int8 or int4.')
        ("{0}`t{1}" -f '--batch-tokens', 'Padded tokens per batch, at most 10,000,000.')
        ("{0}`t{1}" -f '--threads', 'CPU threads. Default: all cores.')
        ("{0}`t{1}" -f '--seed', 'Seed of the random numbers.')
        ("{0}`t{1}" -f '--offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--no-offline', 'Open no connection: cached and local models only.')
        ("{0}`t{1}" -f '--profile', 'Settings of [profile.NAME] in config.toml.')
        ("{0}`t{1}" -f '--progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '--no-progress', 'Show what is going on. Default: on a terminal.')
        ("{0}`t{1}" -f '-q', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '--no-quiet', 'No warnings, no progress.')
        ("{0}`t{1}" -f '-v', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '--no-verbose', 'Say more; tracebacks.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' attention-inspect --layer'] = @()
    $kinds[' attention-inspect --head'] = @()
    $kinds[' attention-inspect --part'] = @('text', 'vision')
    $kinds[' attention-inspect --pair'] = @()
    $kinds[' attention-inspect --method'] = @('raw', 'rollout', 'gradient', 'integrated-gradients')
    $kinds[' attention-inspect --ablate'] = @()
    $kinds[' attention-inspect --top'] = @()
    $kinds[' attention-inspect --html'] = 'FILES'
    $kinds[' attention-inspect --png'] = 'FILES'
    $kinds[' attention-inspect --npz'] = 'FILES'
    $kinds[' attention-inspect -i'] = 'FILES'
    $kinds[' attention-inspect --input'] = 'FILES'
    $kinds[' attention-inspect --input-format'] = @('txt', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'docx')
    $kinds[' attention-inspect --field'] = 'fields'
    $kinds[' attention-inspect --delimiter'] = @()
    $kinds[' attention-inspect --quote'] = @()
    $kinds[' attention-inspect --per'] = @('line', 'paragraph', 'document')
    $kinds[' attention-inspect --encoding'] = @('utf-8', 'utf-16', 'gb18030', 'big5', 'shift_jis', 'latin-1', 'cp1252')
    $kinds[' attention-inspect -o'] = 'FILES'
    $kinds[' attention-inspect --output'] = 'FILES'
    $kinds[' attention-inspect -F'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' attention-inspect --format'] = @('text', 'jsonl', 'json', 'csv', 'tsv', 'parquet', 'npy', 'docx')
    $kinds[' attention-inspect --on-error'] = @('fail', 'skip', 'keep')
    $kinds[' attention-inspect -m'] = 'models'
    $kinds[' attention-inspect --model'] = 'models'
    $kinds[' attention-inspect --revision'] = @()
    $kinds[' attention-inspect --device'] = 'devices'
    $kinds[' attention-inspect --dtype'] = @('auto', 'float32', 'bfloat16', 'float16', 'int8', 'int4')
    $kinds[' attention-inspect --batch-tokens'] = @('auto')
    $kinds[' attention-inspect --threads'] = @()
    $kinds[' attention-inspect --seed'] = @()
    $kinds[' attention-inspect --profile'] = 'profiles'
    $commands[' models'] = @(
        ("{0}`t{1}" -f 'list', 'List the models in the caches: name, size, last use, revision, licence, source.')
        ("{0}`t{1}" -f 'pull', 'Fetch models into the cache, and print where they are; what is missing, empty or changed is fetched again.')
        ("{0}`t{1}" -f 'path', 'Print the folder of a model that is in the cache; opens no connection.')
        ("{0}`t{1}" -f 'rm', 'Delete models from the cache; asks first.')
        ("{0}`t{1}" -f 'prune', 'Delete what nothing needs: superseded revisions and broken-off downloads; asks first.')
        ("{0}`t{1}" -f 'verify', 'Hash the files of cached models again and compare them with what the hub or the catalogue says of them.')
    )
    $options[' models'] = @(
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $options[' models list'] = @(
        ("{0}`t{1}" -f '--available', 'What there is to fetch: the starter set, and names for the hub''s.')
        ("{0}`t{1}" -f '--no-available', 'What there is to fetch: the starter set, and names for the hub''s.')
        ("{0}`t{1}" -f '--json', 'For programs.')
        ("{0}`t{1}" -f '--no-json', 'For programs.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $options[' models pull'] = @(
        ("{0}`t{1}" -f '--revision', 'Branch, tag or commit on the hub.')
        ("{0}`t{1}" -f '-q', 'No progress.')
        ("{0}`t{1}" -f '--quiet', 'No progress.')
        ("{0}`t{1}" -f '--no--q', 'No progress.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' models pull --revision'] = @()
    $arguments[' models pull'] = 'models'
    $options[' models path'] = @(
        ("{0}`t{1}" -f '--revision', 'Branch, tag or commit on the hub.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' models path --revision'] = @()
    $arguments[' models path'] = 'cached'
    $options[' models rm'] = @(
        ("{0}`t{1}" -f '-y', 'Do not ask.')
        ("{0}`t{1}" -f '--yes', 'Do not ask.')
        ("{0}`t{1}" -f '--no--y', 'Do not ask.')
        ("{0}`t{1}" -f '--dry-run', 'Only show what would be deleted.')
        ("{0}`t{1}" -f '--no-dry-run', 'Only show what would be deleted.')
        ("{0}`t{1}" -f '--json', 'For programs.')
        ("{0}`t{1}" -f '--no-json', 'For programs.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $arguments[' models rm'] = 'cached'
    $options[' models prune'] = @(
        ("{0}`t{1}" -f '-y', 'Do not ask.')
        ("{0}`t{1}" -f '--yes', 'Do not ask.')
        ("{0}`t{1}" -f '--no--y', 'Do not ask.')
        ("{0}`t{1}" -f '--dry-run', 'Only show what would be deleted.')
        ("{0}`t{1}" -f '--no-dry-run', 'Only show what would be deleted.')
        ("{0}`t{1}" -f '--json', 'For programs.')
        ("{0}`t{1}" -f '--no-json', 'For programs.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $options[' models verify'] = @(
        ("{0}`t{1}" -f '--json', 'For programs.')
        ("{0}`t{1}" -f '--no-json', 'For programs.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $arguments[' models verify'] = 'cached'
    $commands[' config'] = @(
        ("{0}`t{1}" -f 'show', 'Print each setting, its value, and where it comes from; then the files and folders that are used.')
        ("{0}`t{1}" -f 'path', 'Print where config.toml is, or would be.')
    )
    $options[' config'] = @(
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $options[' config show'] = @(
        ("{0}`t{1}" -f '--profile', 'As if --profile NAME were given.')
        ("{0}`t{1}" -f '--json', 'For programs.')
        ("{0}`t{1}" -f '--no-json', 'For programs.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' config show --profile'] = 'profiles'
    $arguments[' config show'] = @('generate', 'translate', 'summarize', 'sentiment', 'embed', 'extract', 'attention-inspect', 'models', 'config', 'bench', 'devices')
    $options[' config path'] = @(
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $options[' bench'] = @(
        ("{0}`t{1}" -f '-m', 'Default: that of the task.')
        ("{0}`t{1}" -f '--model', 'Default: that of the task.')
        ("{0}`t{1}" -f '--revision', 'Branch, tag or commit on the hub.')
        ("{0}`t{1}" -f '-i', 'Texts to measure with. Default: sentences of 4 to 80 words.')
        ("{0}`t{1}" -f '--input', 'Texts to measure with. Default: sentences of 4 to 80 words.')
        ("{0}`t{1}" -f '--field', 'Column or key that holds the text.')
        ("{0}`t{1}" -f '--device', 'auto, cpu, cuda, cuda:N or mps.')
        ("{0}`t{1}" -f '--offline', 'Open no connection.')
        ("{0}`t{1}" -f '--no-offline', 'Open no connection.')
        ("{0}`t{1}" -f '--profile', 'Settings of [profile.NAME] in config.toml.')
        ("{0}`t{1}" -f '--dry-run', 'Measure, but keep nothing.')
        ("{0}`t{1}" -f '--no-dry-run', 'Measure, but keep nothing.')
        ("{0}`t{1}" -f '--json', 'For programs.')
        ("{0}`t{1}" -f '--no-json', 'For programs.')
        ("{0}`t{1}" -f '-q', 'No progress.')
        ("{0}`t{1}" -f '--quiet', 'No progress.')
        ("{0}`t{1}" -f '--no-quiet', 'No progress.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' bench -m'] = 'models'
    $kinds[' bench --model'] = 'models'
    $kinds[' bench --revision'] = @()
    $kinds[' bench -i'] = 'FILES'
    $kinds[' bench --input'] = 'FILES'
    $kinds[' bench --field'] = 'fields'
    $kinds[' bench --device'] = 'devices'
    $kinds[' bench --profile'] = 'profiles'
    $arguments[' bench'] = @('generate', 'translate', 'summarize', 'sentiment', 'embed')
    $options[' devices'] = @(
        ("{0}`t{1}" -f '--device', 'What if this was asked for?')
        ("{0}`t{1}" -f '--dtype', 'What if this was asked for?')
        ("{0}`t{1}" -f '--profile', 'Settings of [profile.NAME] in config.toml.')
        ("{0}`t{1}" -f '--json', 'For programs.')
        ("{0}`t{1}" -f '--no-json', 'For programs.')
        ("{0}`t{1}" -f '-h', 'Show this message and exit.')
        ("{0}`t{1}" -f '--help', 'Show this message and exit.')
    )
    $kinds[' devices --device'] = 'devices'
    $kinds[' devices --dtype'] = @('auto', 'float32', 'bfloat16', 'float16', 'int8', 'int4')
    $kinds[' devices --profile'] = 'profiles'

    $words = @($commandAst.CommandElements |
        Where-Object {
            $end = $_.Extent.EndOffset
            $end -lt $cursorPosition -or ($end -eq $cursorPosition -and $wordToComplete -eq '')
        } |
        ForEach-Object { $_.Extent.Text })
    $path = ''
    $previous = ''
    foreach ($word in ($words | Select-Object -Skip 1)) {
        if ($previous -and $kinds.ContainsKey("$path $previous")) {
            $previous = ''
            continue
        }
        if (-not $word.StartsWith('-') -and $options.ContainsKey("$path $word")) { $path = "$path $word" }
        $previous = $word
    }

    $start = $wordToComplete -replace '^[''"]', ''
    $prefix = ''
    if ($previous -and $kinds.ContainsKey("$path $previous")) {
        $kind = $kinds["$path $previous"]
    } elseif ($start -match '^(--[^=]+)=(.*)$' -and $kinds.ContainsKey("$path $($Matches[1])")) {
        $kind = $kinds["$path $($Matches[1])"]
        $prefix = "$($Matches[1])="
        $start = $Matches[2] -replace '^[''"]', ''
    } elseif ($start.StartsWith('-')) {
        $kind = $options[$path]
    } elseif ($commands.ContainsKey($path)) {
        $kind = $commands[$path]
    } else {
        $kind = $arguments[$path]
    }

    # Without an answer PowerShell completes names of files by itself.
    if ($null -eq $kind -or $kind -eq 'FILES') { return }
    if ($kind -is [string]) {
        $saved = $Env:_NLPCLI_COMPLETE
        $Env:_NLPCLI_COMPLETE = $kind
        try {
            $rest = @($words | Select-Object -Skip 1)
            $kind = @(& $words[0] @rest 2>$null)
        } finally {
            $Env:_NLPCLI_COMPLETE = $saved
        }
    }
    foreach ($line in $kind) {
        $value, $description = $line -split "`t", 2
        if (-not $description) { $description = $value }
        if ($value -and $value.StartsWith($start)) {
            # Inside single quotes nothing is expanded.
            $text = $value
            if ($value -match '[^\w./:+%-]') { $text = "'" + ($value -replace '[''\u2018-\u201b]', '$0$0') + "'" }
            [System.Management.Automation.CompletionResult]::new(
                "$prefix$text", $value, 'ParameterValue', $description)
        }
    }
}
