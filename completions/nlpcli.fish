# fish completion for nlpcli: nlpcli --show-completion fish
# Written by nlpcli itself; install it as nlpcli.fish in a folder of $fish_complete_path.

function __nlpcli_at --description 'Whether the words so far name this command, and no command below it'
    set -l words (commandline -opc)
    set -l path
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case --profile --install-completion --show-completion
                set -e words[1]
            case '-*'
            case '*'
                if not contains -- "$path $words[1]" ' generate' ' translate' ' summarize' ' sentiment' ' embed' ' extract' ' words' ' words nearest' ' words analogy' ' words odd' ' words compare' ' words axis' ' words map' ' words evaluate' ' bias' ' bias weat' ' bias pairs' ' bias swap' ' attention-inspect' ' jobs' ' jobs status' ' jobs list' ' jobs merge' ' jobs rm' ' jobs cache' ' models' ' models list' ' models pull' ' models path' ' models rm' ' models prune' ' models verify' ' serve' ' serve start' ' serve stop' ' serve status' ' serve run' ' config' ' config show' ' config path' ' bench' ' devices'
                    break
                end
                set path "$path $words[1]"
        end
        set -e words[1]
    end
    test "$path" = "$argv[1]"
end

function __nlpcli_reads --description 'Whether -i stands before: every word behind it is a file'
    string match -qr -- '^(-i.*|--input(=.*)?)$' (commandline -opc)
end

function __nlpcli_ask --description 'What nlpcli itself knows: models, devices, languages, fields, profiles'
    set -l words (commandline -opc)
    set -l command (string replace -r '^~' $HOME -- $words[1])
    set -e words[1]
    # fish inserts a tilde as it is, and would take it for a home.
    env _NLPCLI_COMPLETE=$argv[1] $command $words 2>/dev/null | string match -v '~*'
end

complete -c nlpcli -f

complete -c nlpcli -n "__nlpcli_at ''" -a generate -d 'Continue or answer prompts, as text or as JSON of a schema.'
complete -c nlpcli -n "__nlpcli_at ''" -a translate -d 'Translate texts, keeping lines, markup and placeholders.'
complete -c nlpcli -n "__nlpcli_at ''" -a summarize -d 'Shorten documents of any length.'
complete -c nlpcli -n "__nlpcli_at ''" -a sentiment -d 'Label texts as negative, neutral or positive, or with your own labels.'
complete -c nlpcli -n "__nlpcli_at ''" -a embed -d 'Turn texts into vectors, search by meaning, compare texts.'
complete -c nlpcli -n "__nlpcli_at ''" -a extract -d 'Find names, places, dates and other key information in texts, with where it stands.'
complete -c nlpcli -n "__nlpcli_at ''" -a words -d 'Ask word vectors: what is near, analogies, the odd one, axes, maps; measure them.'
complete -c nlpcli -n "__nlpcli_at ''" -a bias -d 'Measure what vectors and models have learnt of us: association tests, preferences, swapped names.'
complete -c nlpcli -n "__nlpcli_at ''" -a attention-inspect -d 'Show, measure and check what each attention head of a model does with a text.'
complete -c nlpcli -n "__nlpcli_at ''" -a jobs -d 'Show, join and remove batch jobs that --resume and --shard keep.'
complete -c nlpcli -n "__nlpcli_at ''" -a models -d 'List, fetch, remove and check the models on this machine.'
complete -c nlpcli -n "__nlpcli_at ''" -a serve -d 'Keep models loaded, so that the next call answers at once.'
complete -c nlpcli -n "__nlpcli_at ''" -a config -d 'Show every setting and where it comes from.'
complete -c nlpcli -n "__nlpcli_at ''" -a bench -d 'Measure the fastest settings of a model on this machine, for `auto` to use.'
complete -c nlpcli -n "__nlpcli_at ''" -a devices -d 'Show which device and dtype `auto` picks here, and why.'
complete -c nlpcli -n "__nlpcli_at ''" -s V -l version -d 'Print the version and exit.'
complete -c nlpcli -n "__nlpcli_at ''" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ''" -l install-completion -d 'Set up Tab in your shell; asks before it changes a file.' -x -a 'bash zsh fish powershell'
complete -c nlpcli -n "__nlpcli_at ''" -l show-completion -d 'Print the completion script of a shell: bash, zsh, fish or powershell.' -x -a 'bash zsh fish powershell'
complete -c nlpcli -n "__nlpcli_at ''" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' generate'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' generate'" -l system -d 'What the model is told before the prompt (chat models).' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l max-tokens -d 'Longest completion. Default: 256.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l temperature -d 'How freely to draw; 0, or 0.001 and more. Default: the model\'s own, else 0.7.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l top-p -d 'Draw from the likeliest tokens that reach P.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l top-k -d 'Draw from the K likeliest tokens. 0: from all.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l greedy -d 'Always the likeliest token; nothing is drawn.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-greedy -d 'Always the likeliest token; nothing is drawn.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l stop -d 'End before this text. Repeatable.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l n -d 'Completions of each prompt.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l raw -d 'Continue the text as it is: no chat template.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-raw -d 'Continue the text as it is: no chat template.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l schema -d 'JSON Schema; every completion is valid against it, or an error.' -r -F
complete -c nlpcli -n "__nlpcli_at ' generate'" -l template -d 'Jinja template that makes the prompt of a record\'s fields.' -r -F
complete -c nlpcli -n "__nlpcli_at ' generate'" -l why -d 'Show which tokens made each result (JSON: the field `why`).'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-why -d 'Show which tokens made each result (JSON: the field `why`).'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l html -d 'With --why: a page with the tokens of each result.' -r -F
complete -c nlpcli -n "__nlpcli_at ' generate'" -l stream -d 'Show text while it is written. Default: where the output is text.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-stream -d 'Show text while it is written. Default: where the output is text.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' generate'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' generate'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' generate'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' generate'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' generate'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' generate'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' generate'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' translate'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' translate'" -l from -d 'Language of the text: a code or a name. Default: detected.' -x -a '(__nlpcli_ask languages)'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l to -d 'Language to translate into. Default: the one that the model has.' -x -a '(__nlpcli_ask languages)'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l markup -d 'What to keep as it is. auto: by the suffix of the file.' -x -a 'auto none html markdown srt vtt po xliff docx'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l glossary -d 'Terms that must be translated so: two columns with a tab between.' -r -F
complete -c nlpcli -n "__nlpcli_at ' translate'" -l beams -d 'Width of the search; 1 takes the best word.' -x
complete -c nlpcli -n "__nlpcli_at ' translate'" -l shortlist -d 'Look only at words that go with those of the text: faster. Default: with --dtype auto or int8.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-shortlist -d 'Look only at words that go with those of the text: faster. Default: with --dtype auto or int8.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l scores -d 'Add `confidence`: how good a translation is likely to be, 0 to 1.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-scores -d 'Add `confidence`: how good a translation is likely to be, 0 to 1.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l why -d 'Show which tokens made each result (JSON: the field `why`).'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-why -d 'Show which tokens made each result (JSON: the field `why`).'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l html -d 'With --why: a page with the tokens of each result.' -r -F
complete -c nlpcli -n "__nlpcli_at ' translate'" -l min-confidence -d 'Below it a translation is an error, for a person to look at.' -x
complete -c nlpcli -n "__nlpcli_at ' translate'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' translate'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' translate'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' translate'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' translate'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' translate'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' translate'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' translate'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' translate'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' translate'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' translate'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' translate'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' translate'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' translate'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' translate'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' summarize'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l length -d 'Beside the text: of 1,000 words about 50, 95 or 190 stay.' -x -a 'short medium long'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l max-words -d 'Never more words (in Chinese: characters) than that.' -x
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l method -d 'Sentences of the text (extractive) or the model\'s own; auto: what the model can.' -x -a 'auto abstractive extractive'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l bullets -d 'A list with one sentence a line.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-bullets -d 'A list with one sentence a line.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l markup -d 'Read the prose of a page or of Markdown alone. auto: by the suffix of the file.' -x -a 'auto none html markdown'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' summarize'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' summarize'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' summarize'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' sentiment'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l all-scores -d 'Give the score of every label, not only of the best.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-all-scores -d 'Give the score of every label, not only of the best.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l threshold -d 'Below this score a label does not hold (then: none). Default: any.' -x
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l aggregate -d 'Print how often each label is given, its share and its mean score.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-aggregate -d 'Print how often each label is given, its share and its mean score.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l labels -d 'Your own labels instead of the model\'s, without training (zero-shot).' -x
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l why -d 'Show which tokens made each result (JSON: the field `why`).'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-why -d 'Show which tokens made each result (JSON: the field `why`).'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l html -d 'With --why: a page with the tokens of each result.' -r -F
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l hypothesis -d 'The sentence that --labels are put into, at {}.' -x
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' sentiment'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' embed'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' embed'" -l search -d 'Print the records nearest in meaning to QUERY, best first.' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -l similarity -d 'Print all pairs of records by cosine similarity, best first.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-similarity -d 'Print all pairs of records by cosine similarity, best first.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l top -d 'How many results of --search (10) or --similarity (all).' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -l chunks -d 'A vector for each window of a record, with its place in the text.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-chunks -d 'A vector for each window of a record, with its place in the text.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l plot -d 'Draw a map of the records (PCA) as .png or .svg.' -r -F
complete -c nlpcli -n "__nlpcli_at ' embed'" -l pooling -d 'How token vectors become one; auto: as the model says; sif: rare words count more.' -x -a 'auto mean cls last sif'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l normalize -d 'Unit length. Default: as the model says.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-normalize -d 'Unit length. Default: as the model says.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l dim -d 'Keep the first N numbers (Matryoshka models).' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -l precision -d 'Type of the numbers.' -x -a 'float32 float16 int8 binary'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l why -d 'Show which tokens made each result (JSON: the field `why`).'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-why -d 'Show which tokens made each result (JSON: the field `why`).'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l html -d 'With --why: a page with the tokens of each result.' -r -F
complete -c nlpcli -n "__nlpcli_at ' embed'" -l prompt -d 'A prompt of the model by name, or text put before each.' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' embed'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' embed'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' embed'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' embed'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' embed'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' embed'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' embed'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' extract'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' extract'" -l types -d 'Only entities of these types, by the model\'s names.' -x
complete -c nlpcli -n "__nlpcli_at ' extract'" -l aggregation -d 'How the pieces of a word make its label; simple: each piece by itself.' -x -a 'simple first average max'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l schema -d 'Fill this JSON Schema from each text, by a model that writes; relations is shipped.' -r -F
complete -c nlpcli -n "__nlpcli_at ' extract'" -l examples -d 'JSONL of texts and answers that show --schema: {"text": …, "fields": …}.' -r -F
complete -c nlpcli -n "__nlpcli_at ' extract'" -l grounded-only -d 'Leave out values of --schema that the text does not have.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-grounded-only -d 'Leave out values of --schema that the text does not have.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l offsets -d 'What start and end count: code points, or bytes of UTF-8.' -x -a 'characters bytes'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l layout -d 'Of text output: a line each, CoNLL\'s columns, or JSON lines for spaCy\'s Doc.from_json.' -x -a 'lines conll spacy'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l html -d 'Write a page with all texts to look at in a browser.' -r -F
complete -c nlpcli -n "__nlpcli_at ' extract'" -l count -d 'Print how often each was found in all of the input, instead of where.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-count -d 'Print how often each was found in all of the input, instead of where.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l keyphrases -d 'Find the phrases that say most of each record, the best first.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-keyphrases -d 'Find the phrases that say most of each record, the best first.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l top -d 'How many key phrases of each record (10).' -x
complete -c nlpcli -n "__nlpcli_at ' extract'" -l method -d 'embedding: near in meaning to the record (-m: any model of embed); yake: statistics, no model.' -x -a 'embedding yake'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l candidates -d 'Of --keyphrases: noun chunks (English), or any run of words; auto: by the language.' -x -a 'auto noun-chunks n-grams'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l mask -d 'Put tokens such as <EMAIL_1> in the place of personal data.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-mask -d 'Put tokens such as <EMAIL_1> in the place of personal data.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l unmask -d 'Put back what tokens stand for, also in a translation or a summary.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-unmask -d 'Put back what tokens stand for, also in a translation or a summary.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l map -d 'What the tokens of --mask stand for: kept there, or read by --unmask.' -r -F
complete -c nlpcli -n "__nlpcli_at ' extract'" -l kinds -d 'What --mask masks: all (default), url, email, iban, card, mac, ip, birth-date, id, phone; and types of entities of the model, such as PERSON.' -x
complete -c nlpcli -n "__nlpcli_at ' extract'" -l originals -d 'Let --mask keep the texts as they were in structured output, too.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-originals -d 'Let --mask keep the texts as they were in structured output, too.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' extract'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' extract'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' extract'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' extract'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' extract'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' extract'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' extract'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' extract'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' extract'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' extract'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' extract'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' extract'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' extract'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' extract'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' words'" -a nearest -d 'The words whose vectors are nearest to that of each record (10, or --top), best first.'
complete -c nlpcli -n "__nlpcli_at ' words'" -a analogy -d 'What is to the third word as the first is to the second: king man woman → queen.'
complete -c nlpcli -n "__nlpcli_at ' words'" -a odd -d 'The word that fits the others least: the farthest from the mean of all.'
complete -c nlpcli -n "__nlpcli_at ' words'" -a compare -d 'The similarity (cosine) of two words.'
complete -c nlpcli -n "__nlpcli_at ' words'" -a axis -d 'How far each record lies from NEGATIVE towards POSITIVE: its cosine to the difference of the two.'
complete -c nlpcli -n "__nlpcli_at ' words'" -a map -d 'Where the words lie beside each other, in the two directions in which they differ most (PCA).'
complete -c nlpcli -n "__nlpcli_at ' words'" -a evaluate -d 'Measure word vectors by analogies (four words a line, `: name` begins a section) and pairs with people\'s scores.'
complete -c nlpcli -n "__nlpcli_at ' words'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' words nearest'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l top -d 'How many words.' -x
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l vocab -d 'Only the N most frequent words. Default: all.' -x
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words nearest'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' words analogy'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l top -d 'How many words.' -x
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l method -d 'Of an analogy: 3CosAdd or 3CosMul.' -x -a 'add mul'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l vocab -d 'Only the N most frequent words. Default: all.' -x
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words analogy'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' words odd'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' words odd'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words odd'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' words odd'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words odd'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' words compare'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' words compare'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words compare'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' words compare'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words compare'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' words axis'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' words axis'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words axis'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' words axis'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words axis'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' words map'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' words map'" -l plot -d 'Draw the map (PCA) as .png or .svg, as embed --plot does.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words map'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words map'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' words map'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' words map'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' words map'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words map'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' words map'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' words map'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' words map'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' words map'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' words map'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' words map'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' words map'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' words map'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words map'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l method -d 'Of an analogy: 3CosAdd or 3CosMul.' -x -a 'add mul'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l vocab -d 'Only the N most frequent words. Default: of analogies 30,000, of pairs 300,000.' -x
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' words evaluate'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' bias'" -a weat -d 'Association tests: whether words of one kind are nearer to the pleasant, to career, … than those of another.'
complete -c nlpcli -n "__nlpcli_at ' bias'" -a pairs -d 'Which of two sentences a language model prefers, the stereotype or the other; 0.5 is neither.'
complete -c nlpcli -n "__nlpcli_at ' bias'" -a swap -d 'How a classifier\'s score changes when another name stands in the same text.'
complete -c nlpcli -n "__nlpcli_at ' bias'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' bias weat'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l sets -d 'Word sets of your own, in TOML.' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l level -d 'Words (WEAT), or sentences around them (SEAT); auto: what the model is made for.' -x -a 'auto words sentences'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l plot -d 'Draw the figures as .png or .svg.' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' bias weat'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l each -d 'A row for each pair, not for each group.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-each -d 'A row for each pair, not for each group.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l by -d 'Column or key that names the group of a pair.' -x
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l plot -d 'Draw the figures as .png or .svg.' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' bias pairs'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' bias swap'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l sets -d 'Groups of terms of your own, in TOML.' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l label -d 'Whose probability is watched. Default: positive less negative.' -x
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l plot -d 'Draw the figures as .png or .svg.' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' bias swap'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' attention-inspect'; and __nlpcli_reads" -F
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l layer -d 'Only these layers, from 0: 3 or 0,2 or 4-7; -1 is the last. Default: all.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l head -d 'Only these heads, in the same way.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l part -d 'Which part of a model that reads texts and sees pictures; nlpcli gives it texts alone.' -x -a 'text vision'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l pair -d 'The second segment of an encoder, or the output that an encoder-decoder is given.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l method -d 'The weights, attention rollout through the layers, gradient × attention; or what each token of the text makes of the answer (integrated gradients).' -x -a 'raw rollout gradient integrated-gradients'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l ablate -d 'The answer without head H of layer L, beside what it is with it. Repeatable; cross:L.H, decoder:L.H, self:L.H where a model attends in several ways.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l compare -d 'Another text beside this one: how far apart each head is in the two.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l compare-model -d 'Another model beside this one, over the same text or --compare.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l top -d 'Name the K strongest links of each head.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l verify -d 'Recompute softmax(QKᵀ/√d_k)V of every layer and print the differences.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-verify -d 'Recompute softmax(QKᵀ/√d_k)V of every layer and print the differences.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l html -d 'Write a page with all heads to look at in a browser.' -r -F
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l png -d 'Draw the heads as .png or .svg.' -r -F
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l npz -d 'Save the matrices for numpy.' -r -F
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -s i -l input -d 'Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.' -r -F
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l input-format -d 'Format where the suffix does not tell: txt, jsonl, json, csv, tsv, parquet, docx.' -x -a 'txt jsonl json csv tsv parquet docx'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l field -d 'Column or key that holds the text of structured input.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l delimiter -d 'Between the columns of CSV or TSV input; \\t is a tab.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l quote -d 'Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l header -d 'CSV or TSV input begins with a row; its columns are named 1, 2, …'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l per -d 'What makes a record of plain text.' -x -a 'line paragraph document'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -s 0 -l null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-null -d 'Records end in NUL, on input and output.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l encoding -d 'Encoding of text input.' -x -a 'utf-8 utf-16 gb18030 big5 shift_jis latin-1 cp1252'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -s o -l output -d 'Write to a file or address, whole or not at all; DIR/: one output per input file.' -r -F
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -s F -l format -d 'Output format. Default: that of structured input, else text.' -x -a 'text jsonl json csv tsv parquet npy docx'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l on-error -d 'A record that fails: end the run, leave it out, or keep it with its error.' -x -a 'fail skip keep'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-resume -d 'Keep what is done beside -o FILE; the same command goes on where it ended.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-update -d 'As --resume; where the input has changed, compute what changed.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-retry-errors -d 'As --resume; compute records that failed again.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l shard -d 'Compute part I of N alone; nlpcli jobs merge puts all together.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l engine -d 'ray: as --resume, computed on a Ray cluster. Default: local, here.' -x -a 'local ray'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l ray-address -d 'Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l max-errors -d 'End the run (status 4) when more records fail than that.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-dedupe -d 'Compute identical texts once, or each. Default: once.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-cache -d 'Keep results for other runs of the same model and options.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l summary -d 'Write what there is to say of the run as JSON: records, failed, seconds …' -r -F
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -s m -l model -d 'A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l device -d 'auto, cpu, cuda (all that are visible), cuda:N,M or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l dtype -d 'auto, float32, bfloat16, float16, int8; int4 for writing.' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l batch-tokens -d 'Padded tokens per batch, at most 10,000,000.' -x -a 'auto'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l threads -d 'CPU threads. Default: all cores.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l seed -d 'Seed of the random numbers.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-exact -d 'Each text by itself: the same bits whatever stands beside it. Slower.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-offline -d 'Open no connection: cached and local models only.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-server -d 'Compute in the worker (nlpcli serve), or here. Default: there if it runs.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l keep-warm -d 'Leave a worker behind that answers the next calls at once: 10m, 1h.' -x
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-progress -d 'Show what is going on. Default: on a terminal.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -s q -l quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-quiet -d 'No warnings, no progress.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -s v -l verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -l no-verbose -d 'Say more; tracebacks.'
complete -c nlpcli -n "__nlpcli_at ' attention-inspect'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' jobs'" -a status -d 'Show how far a job is: each of its shards with its range, state, records and failures.'
complete -c nlpcli -n "__nlpcli_at ' jobs'" -a list -d 'List the jobs whose outputs are in a folder or below it: output, state, records done, failed, command, model.'
complete -c nlpcli -n "__nlpcli_at ' jobs'" -a merge -d 'Put the output of a job together, whose shards were computed with --shard I/N.'
complete -c nlpcli -n "__nlpcli_at ' jobs'" -a rm -d 'Delete what is kept of jobs, not their outputs; asks first.'
complete -c nlpcli -n "__nlpcli_at ' jobs'" -a cache -d 'Show what --cache keeps of results for other runs: where, how many, how large; or delete it.'
complete -c nlpcli -n "__nlpcli_at ' jobs'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' jobs status'" -l json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' jobs status'" -l no-json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' jobs status'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' jobs list'" -l json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' jobs list'" -l no-json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' jobs list'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' jobs merge'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' jobs rm'" -s y -l yes -d 'Do not ask.'
complete -c nlpcli -n "__nlpcli_at ' jobs rm'" -l no-yes -d 'Do not ask.'
complete -c nlpcli -n "__nlpcli_at ' jobs rm'" -l dry-run -d 'Only show what would be deleted.'
complete -c nlpcli -n "__nlpcli_at ' jobs rm'" -l no-dry-run -d 'Only show what would be deleted.'
complete -c nlpcli -n "__nlpcli_at ' jobs rm'" -l json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' jobs rm'" -l no-json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' jobs rm'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' jobs cache'" -l clear -d 'Delete all of it.'
complete -c nlpcli -n "__nlpcli_at ' jobs cache'" -l no-clear -d 'Delete all of it.'
complete -c nlpcli -n "__nlpcli_at ' jobs cache'" -l json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' jobs cache'" -l no-json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' jobs cache'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' models'" -a list -d 'List the models in the caches: name, size, last use, revision, licence, source.'
complete -c nlpcli -n "__nlpcli_at ' models'" -a pull -d 'Fetch models into the cache, and print where they are; what is missing, empty or changed is fetched again.'
complete -c nlpcli -n "__nlpcli_at ' models'" -a path -d 'Print the folder of a model that is in the cache; opens no connection.'
complete -c nlpcli -n "__nlpcli_at ' models'" -a rm -d 'Delete models from the cache; asks first.'
complete -c nlpcli -n "__nlpcli_at ' models'" -a prune -d 'Delete what nothing needs: superseded revisions and broken-off downloads; asks first.'
complete -c nlpcli -n "__nlpcli_at ' models'" -a verify -d 'Hash the files of cached models again and compare them with what the hub or the catalogue says of them.'
complete -c nlpcli -n "__nlpcli_at ' models'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' models list'" -l available -d 'What there is to fetch: the starter set, and names for the hub\'s.'
complete -c nlpcli -n "__nlpcli_at ' models list'" -l no-available -d 'What there is to fetch: the starter set, and names for the hub\'s.'
complete -c nlpcli -n "__nlpcli_at ' models list'" -l json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' models list'" -l no-json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' models list'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' models pull'" -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' models pull'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' models pull'" -s q -l quiet -d 'No progress.'
complete -c nlpcli -n "__nlpcli_at ' models pull'" -l no-quiet -d 'No progress.'
complete -c nlpcli -n "__nlpcli_at ' models pull'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' models path'" -a '(__nlpcli_ask cached)'
complete -c nlpcli -n "__nlpcli_at ' models path'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' models path'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' models rm'" -a '(__nlpcli_ask cached)'
complete -c nlpcli -n "__nlpcli_at ' models rm'" -l revision -d 'Only this commit, branch or version; see models list.' -x
complete -c nlpcli -n "__nlpcli_at ' models rm'" -s y -l yes -d 'Do not ask.'
complete -c nlpcli -n "__nlpcli_at ' models rm'" -l no-yes -d 'Do not ask.'
complete -c nlpcli -n "__nlpcli_at ' models rm'" -l dry-run -d 'Only show what would be deleted.'
complete -c nlpcli -n "__nlpcli_at ' models rm'" -l no-dry-run -d 'Only show what would be deleted.'
complete -c nlpcli -n "__nlpcli_at ' models rm'" -l json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' models rm'" -l no-json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' models rm'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' models prune'" -s y -l yes -d 'Do not ask.'
complete -c nlpcli -n "__nlpcli_at ' models prune'" -l no-yes -d 'Do not ask.'
complete -c nlpcli -n "__nlpcli_at ' models prune'" -l dry-run -d 'Only show what would be deleted.'
complete -c nlpcli -n "__nlpcli_at ' models prune'" -l no-dry-run -d 'Only show what would be deleted.'
complete -c nlpcli -n "__nlpcli_at ' models prune'" -l json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' models prune'" -l no-json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' models prune'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' models verify'" -a '(__nlpcli_ask cached)'
complete -c nlpcli -n "__nlpcli_at ' models verify'" -l json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' models verify'" -l no-json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' models verify'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' serve'" -a start -d 'Start the worker, unless one runs. Commands use it by themselves from then on.'
complete -c nlpcli -n "__nlpcli_at ' serve'" -a stop -d 'End the worker. What runs in it ends too.'
complete -c nlpcli -n "__nlpcli_at ' serve'" -a status -d 'Show the worker and the models that it holds. Exit status 1 where none runs.'
complete -c nlpcli -n "__nlpcli_at ' serve'" -a run -d 'Be the worker, in the foreground: for systemd, launchd and the like; with --http a server for other programs.'
complete -c nlpcli -n "__nlpcli_at ' serve'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' serve start'" -l keep-alive -d 'End after so long without work: 90s, 10m, 1h or forever.' -x
complete -c nlpcli -n "__nlpcli_at ' serve start'" -l memory -d 'Hold models of at most so much: 800M, 4G. Default: half of it all.' -x
complete -c nlpcli -n "__nlpcli_at ' serve start'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' serve stop'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' serve status'" -l json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' serve status'" -l no-json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' serve status'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' serve run'" -l keep-alive -d 'End after so long without work: 90s, 10m, 1h or forever.' -x
complete -c nlpcli -n "__nlpcli_at ' serve run'" -l memory -d 'Hold models of at most so much: 800M, 4G. Default: half of it all.' -x
complete -c nlpcli -n "__nlpcli_at ' serve run'" -l http -d 'Answer other programs too, at this address: 127.0.0.1:8080.' -x
complete -c nlpcli -n "__nlpcli_at ' serve run'" -l api-key -d 'Clients have to show this key. Others see a command line: better a file, or NLPCLI_API_KEY.' -x
complete -c nlpcli -n "__nlpcli_at ' serve run'" -l api-key-file -d 'As --api-key: one key a line.' -r -F
complete -c nlpcli -n "__nlpcli_at ' serve run'" -l cors -d 'Pages of this origin may ask: https://example.org. Repeatable; * for all.' -x
complete -c nlpcli -n "__nlpcli_at ' serve run'" -s m -l model -d 'Serve only this model, loaded at the start. Repeatable. Default: the starter set and the cache.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' serve run'" -l max-body -d 'Largest body of a request.' -x
complete -c nlpcli -n "__nlpcli_at ' serve run'" -l max-time -d 'Longest time of a request.' -x
complete -c nlpcli -n "__nlpcli_at ' serve run'" -l max-running -d 'Requests computed at a time.' -x
complete -c nlpcli -n "__nlpcli_at ' serve run'" -l max-waiting -d 'Requests that wait; more are refused (429).' -x
complete -c nlpcli -n "__nlpcli_at ' serve run'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' config'" -a show -d 'Print each setting, its value, and where it comes from; then the files and folders that are used.'
complete -c nlpcli -n "__nlpcli_at ' config'" -a path -d 'Print where config.toml is, or would be.'
complete -c nlpcli -n "__nlpcli_at ' config'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' config show'" -a 'generate translate summarize sentiment embed extract words bias attention-inspect jobs models serve config bench devices'
complete -c nlpcli -n "__nlpcli_at ' config show'" -l profile -d 'As if --profile NAME were given.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' config show'" -l json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' config show'" -l no-json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' config show'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' config path'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' bench'" -a 'generate translate summarize sentiment embed extract'
complete -c nlpcli -n "__nlpcli_at ' bench'" -s m -l model -d 'Default: that of the task.' -r -F -a '(__nlpcli_ask models)'
complete -c nlpcli -n "__nlpcli_at ' bench'" -l revision -d 'Branch, tag or commit on the hub.' -x
complete -c nlpcli -n "__nlpcli_at ' bench'" -s i -l input -d 'Texts to measure with. Default: sentences of 4 to 80 words.' -r -F
complete -c nlpcli -n "__nlpcli_at ' bench'" -l field -d 'Column or key that holds the text.' -x -a '(__nlpcli_ask fields)'
complete -c nlpcli -n "__nlpcli_at ' bench'" -l device -d 'auto, cpu, cuda, cuda:N or mps.' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' bench'" -l offline -d 'Open no connection.'
complete -c nlpcli -n "__nlpcli_at ' bench'" -l no-offline -d 'Open no connection.'
complete -c nlpcli -n "__nlpcli_at ' bench'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' bench'" -l dry-run -d 'Measure, but keep nothing.'
complete -c nlpcli -n "__nlpcli_at ' bench'" -l no-dry-run -d 'Measure, but keep nothing.'
complete -c nlpcli -n "__nlpcli_at ' bench'" -l json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' bench'" -l no-json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' bench'" -s q -l quiet -d 'No progress.'
complete -c nlpcli -n "__nlpcli_at ' bench'" -l no-quiet -d 'No progress.'
complete -c nlpcli -n "__nlpcli_at ' bench'" -s h -l help -d 'Show this message and exit.'

complete -c nlpcli -n "__nlpcli_at ' devices'" -l device -d 'What if this was asked for?' -x -a '(__nlpcli_ask devices)'
complete -c nlpcli -n "__nlpcli_at ' devices'" -l dtype -d 'What if this was asked for?' -x -a 'auto float32 bfloat16 float16 int8 int4'
complete -c nlpcli -n "__nlpcli_at ' devices'" -l profile -d 'Settings of [profile.NAME] in config.toml.' -x -a '(__nlpcli_ask profiles)'
complete -c nlpcli -n "__nlpcli_at ' devices'" -l json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' devices'" -l no-json -d 'For programs.'
complete -c nlpcli -n "__nlpcli_at ' devices'" -s h -l help -d 'Show this message and exit.'
