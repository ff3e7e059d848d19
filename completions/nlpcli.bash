# bash completion for nlpcli: nlpcli --show-completion bash
# Written by nlpcli itself; source it from ~/.bashrc, or install it as .../share/bash-completion/completions/nlpcli.

_nlpcli_words() {
    # bash ends a word at = and : too; here white space alone does.
    local index word line=$COMP_LINE
    words=()
    for ((index = 0; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if ((index > 0)) && [[ -n $word && $line != [[:space:]]* ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words[${#words[@]}]=$word
        fi
        line=${line#*"$word"}
    done
}

_nlpcli_offer() {
    # The words among $2... that begin with $1.
    local start=$1 word
    shift
    for word in "$@"; do
        if [[ $word == "$start"* ]]; then
            COMPREPLY[${#COMPREPLY[@]}]=$word
        fi
    done
}

_nlpcli_read() {
    # What $1 means, which is typed so far: into $typed, and into $quote the quote that is open at its start. Where
    # quotes stand in the middle, readline replaces another part than the whole, and nothing is offered.
    local place=0 character
    quote="" typed=""
    if [[ $1 == [\'\"]* ]]; then
        quote=${1:0:1} place=1
    fi
    for ((; place < ${#1}; place++)); do
        character=${1:place:1}
        if [[ $character == \\ && $quote != \' ]]; then
            place=$((place + 1))
            character=${1:place:1}
            if [[ $quote == \" && $character != [\\\"\$\`] ]]; then
                character=\\$character
            fi
        elif [[ $character == "$quote" ]] || [[ -z $quote && $character == [\'\"] ]]; then
            return 1
        fi
        typed+=$character
    done
}

_nlpcli_quote() {
    # $1 as it is typed within quotes $2, or without them: into $quoted. Readline does not double the quotes.
    local place character
    quoted=$2
    if [[ -z $2 ]]; then
        printf -v quoted %q "$1"
        return
    fi
    for ((place = 0; place < ${#1}; place++)); do
        character=${1:place:1}
        case $2$character in
            "''") quoted+="'\\''" ;;
            '"!') quoted+='"\!"' ;;
            '"\' | '""' | '"$' | '"`') quoted+=\\$character ;;
            *) quoted+=$character ;;
        esac
    done
    quoted+=$2
}

_nlpcli_offer_lines() {
    # Those of the lines $2 that begin with what $1 means, without what stands behind a tab, as they are to be typed.
    local quote typed quoted line
    _nlpcli_read "$1" || return
    while IFS= read -r line; do
        line=${line%%$'\t'*}
        if [[ -n $line && $line == "$typed"* ]]; then
            _nlpcli_quote "$line" "$quote"
            COMPREPLY[${#COMPREPLY[@]}]=$quoted
        fi
    done <<< "$2"
}

_nlpcli_files() {
    # compopt is missing in bash 3.2.
    if type compopt &>/dev/null; then
        compopt -o default -o filenames
    else
        local quote typed
        _nlpcli_read "$1" && _nlpcli_offer_lines "$1" "$(compgen -f -- "$typed")"
    fi
}

_nlpcli_ask() {
    # What nlpcli itself knows: models, devices, languages, fields, profiles.
    _nlpcli_offer_lines "$2" "$(_NLPCLI_COMPLETE=$1 "${words[@]}" 2>/dev/null)"
}

_nlpcli_value() {
    # The values of kind $1 that begin with $2.
    case $1 in
        ANYTHING) ;;
        FILES) _nlpcli_files "$2" ;;
        TEXTS)
            if [[ -n $reads ]]; then
                _nlpcli_files "$2"
            fi
            ;;
        models)
            _nlpcli_ask models "$2"
            if ((${#COMPREPLY[@]} == 0)); then
                _nlpcli_files "$2"
            fi
            ;;
        CHOICES:*)
            local IFS=,
            _nlpcli_offer "$2" ${1#CHOICES:}
            ;;
        *) _nlpcli_ask "$1" "$2" ;;
    esac
    if [[ $2 != [\'\"]* ]]; then
        _nlpcli_behind_break "$2"
    fi
}

_nlpcli_behind_break() {
    # What stands before the last colon or the like in $1 is a word of its own to bash, and stays as it is.
    local index before=$1 whole=("${COMPREPLY[@]}")
    while [[ -n $before && ($before != *[:=@] || $COMP_WORDBREAKS != *"${before: -1}"*) ]]; do
        before=${before%?}
    done
    COMPREPLY=()
    for ((index = 0; index < ${#whole[@]}; index++)); do
        if [[ ${whole[index]} == "$before"* ]]; then
            COMPREPLY[${#COMPREPLY[@]}]=${whole[index]#"$before"}
        fi
    done
}

_nlpcli_is_command() {
    # The words behind nlpcli.
    case "$1" in
        " generate" | " translate" | " summarize" | " sentiment" | " embed" | " extract" | " words" | " words nearest" | " words analogy" | " words odd" | " words compare" | " words axis" | " words map" | " words evaluate" | " bias" | " bias weat" | " bias pairs" | " bias swap" | " attention-inspect" | " jobs" | " jobs status" | " jobs list" | " jobs merge" | " jobs rm" | " jobs cache" | " models" | " models list" | " models pull" | " models path" | " models rm" | " models prune" | " models verify" | " serve" | " serve start" | " serve stop" | " serve status" | " serve run" | " config" | " config show" | " config path" | " bench" | " devices") return 0 ;;
        *) return 1 ;;
    esac
}

_nlpcli_kind() {
    # What the value of option $2 is.
    case "$1 $2" in
        " --profile") kind=profiles ;;
        " --install-completion") kind=CHOICES:bash,zsh,fish,powershell ;;
        " --show-completion") kind=CHOICES:bash,zsh,fish,powershell ;;
        " generate --system") kind=ANYTHING ;;
        " generate --max-tokens") kind=ANYTHING ;;
        " generate --temperature") kind=ANYTHING ;;
        " generate --top-p") kind=ANYTHING ;;
        " generate --top-k") kind=ANYTHING ;;
        " generate --stop") kind=ANYTHING ;;
        " generate --n") kind=ANYTHING ;;
        " generate --schema") kind=FILES ;;
        " generate --template") kind=FILES ;;
        " generate --html") kind=FILES ;;
        " generate -i" | " generate --input") kind=FILES ;;
        " generate --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " generate --field") kind=fields ;;
        " generate --delimiter") kind=ANYTHING ;;
        " generate --quote") kind=ANYTHING ;;
        " generate --per") kind=CHOICES:line,paragraph,document ;;
        " generate --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " generate -o" | " generate --output") kind=FILES ;;
        " generate -F" | " generate --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " generate --on-error") kind=CHOICES:fail,skip,keep ;;
        " generate --shard") kind=ANYTHING ;;
        " generate --engine") kind=CHOICES:local,ray ;;
        " generate --ray-address") kind=ANYTHING ;;
        " generate --max-errors") kind=ANYTHING ;;
        " generate --summary") kind=FILES ;;
        " generate -m" | " generate --model") kind=models ;;
        " generate --revision") kind=ANYTHING ;;
        " generate --device") kind=devices ;;
        " generate --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " generate --batch-tokens") kind=CHOICES:auto ;;
        " generate --threads") kind=ANYTHING ;;
        " generate --seed") kind=ANYTHING ;;
        " generate --profile") kind=profiles ;;
        " generate --keep-warm") kind=ANYTHING ;;
        " translate --from") kind=languages ;;
        " translate --to") kind=languages ;;
        " translate --markup") kind=CHOICES:auto,none,html,markdown,srt,vtt,po,xliff,docx ;;
        " translate --glossary") kind=FILES ;;
        " translate --beams") kind=ANYTHING ;;
        " translate --html") kind=FILES ;;
        " translate --min-confidence") kind=ANYTHING ;;
        " translate -i" | " translate --input") kind=FILES ;;
        " translate --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " translate --field") kind=fields ;;
        " translate --delimiter") kind=ANYTHING ;;
        " translate --quote") kind=ANYTHING ;;
        " translate --per") kind=CHOICES:line,paragraph,document ;;
        " translate --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " translate -o" | " translate --output") kind=FILES ;;
        " translate -F" | " translate --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " translate --on-error") kind=CHOICES:fail,skip,keep ;;
        " translate --shard") kind=ANYTHING ;;
        " translate --engine") kind=CHOICES:local,ray ;;
        " translate --ray-address") kind=ANYTHING ;;
        " translate --max-errors") kind=ANYTHING ;;
        " translate --summary") kind=FILES ;;
        " translate -m" | " translate --model") kind=models ;;
        " translate --revision") kind=ANYTHING ;;
        " translate --device") kind=devices ;;
        " translate --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " translate --batch-tokens") kind=CHOICES:auto ;;
        " translate --threads") kind=ANYTHING ;;
        " translate --seed") kind=ANYTHING ;;
        " translate --profile") kind=profiles ;;
        " translate --keep-warm") kind=ANYTHING ;;
        " summarize --length") kind=CHOICES:short,medium,long ;;
        " summarize --max-words") kind=ANYTHING ;;
        " summarize --method") kind=CHOICES:auto,abstractive,extractive ;;
        " summarize --markup") kind=CHOICES:auto,none,html,markdown ;;
        " summarize -i" | " summarize --input") kind=FILES ;;
        " summarize --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " summarize --field") kind=fields ;;
        " summarize --delimiter") kind=ANYTHING ;;
        " summarize --quote") kind=ANYTHING ;;
        " summarize --per") kind=CHOICES:line,paragraph,document ;;
        " summarize --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " summarize -o" | " summarize --output") kind=FILES ;;
        " summarize -F" | " summarize --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " summarize --on-error") kind=CHOICES:fail,skip,keep ;;
        " summarize --shard") kind=ANYTHING ;;
        " summarize --engine") kind=CHOICES:local,ray ;;
        " summarize --ray-address") kind=ANYTHING ;;
        " summarize --max-errors") kind=ANYTHING ;;
        " summarize --summary") kind=FILES ;;
        " summarize -m" | " summarize --model") kind=models ;;
        " summarize --revision") kind=ANYTHING ;;
        " summarize --device") kind=devices ;;
        " summarize --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " summarize --batch-tokens") kind=CHOICES:auto ;;
        " summarize --threads") kind=ANYTHING ;;
        " summarize --seed") kind=ANYTHING ;;
        " summarize --profile") kind=profiles ;;
        " summarize --keep-warm") kind=ANYTHING ;;
        " sentiment --threshold") kind=ANYTHING ;;
        " sentiment --labels") kind=ANYTHING ;;
        " sentiment --html") kind=FILES ;;
        " sentiment --hypothesis") kind=ANYTHING ;;
        " sentiment -i" | " sentiment --input") kind=FILES ;;
        " sentiment --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " sentiment --field") kind=fields ;;
        " sentiment --delimiter") kind=ANYTHING ;;
        " sentiment --quote") kind=ANYTHING ;;
        " sentiment --per") kind=CHOICES:line,paragraph,document ;;
        " sentiment --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " sentiment -o" | " sentiment --output") kind=FILES ;;
        " sentiment -F" | " sentiment --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " sentiment --on-error") kind=CHOICES:fail,skip,keep ;;
        " sentiment --shard") kind=ANYTHING ;;
        " sentiment --engine") kind=CHOICES:local,ray ;;
        " sentiment --ray-address") kind=ANYTHING ;;
        " sentiment --max-errors") kind=ANYTHING ;;
        " sentiment --summary") kind=FILES ;;
        " sentiment -m" | " sentiment --model") kind=models ;;
        " sentiment --revision") kind=ANYTHING ;;
        " sentiment --device") kind=devices ;;
        " sentiment --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " sentiment --batch-tokens") kind=CHOICES:auto ;;
        " sentiment --threads") kind=ANYTHING ;;
        " sentiment --seed") kind=ANYTHING ;;
        " sentiment --profile") kind=profiles ;;
        " sentiment --keep-warm") kind=ANYTHING ;;
        " embed --search") kind=ANYTHING ;;
        " embed --top") kind=ANYTHING ;;
        " embed --plot") kind=FILES ;;
        " embed --pooling") kind=CHOICES:auto,mean,cls,last,sif ;;
        " embed --dim") kind=ANYTHING ;;
        " embed --precision") kind=CHOICES:float32,float16,int8,binary ;;
        " embed --html") kind=FILES ;;
        " embed --prompt") kind=ANYTHING ;;
        " embed -i" | " embed --input") kind=FILES ;;
        " embed --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " embed --field") kind=fields ;;
        " embed --delimiter") kind=ANYTHING ;;
        " embed --quote") kind=ANYTHING ;;
        " embed --per") kind=CHOICES:line,paragraph,document ;;
        " embed --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " embed -o" | " embed --output") kind=FILES ;;
        " embed -F" | " embed --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " embed --on-error") kind=CHOICES:fail,skip,keep ;;
        " embed --shard") kind=ANYTHING ;;
        " embed --engine") kind=CHOICES:local,ray ;;
        " embed --ray-address") kind=ANYTHING ;;
        " embed --max-errors") kind=ANYTHING ;;
        " embed --summary") kind=FILES ;;
        " embed -m" | " embed --model") kind=models ;;
        " embed --revision") kind=ANYTHING ;;
        " embed --device") kind=devices ;;
        " embed --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " embed --batch-tokens") kind=CHOICES:auto ;;
        " embed --threads") kind=ANYTHING ;;
        " embed --seed") kind=ANYTHING ;;
        " embed --profile") kind=profiles ;;
        " embed --keep-warm") kind=ANYTHING ;;
        " extract --types") kind=ANYTHING ;;
        " extract --aggregation") kind=CHOICES:simple,first,average,max ;;
        " extract --schema") kind=FILES ;;
        " extract --examples") kind=FILES ;;
        " extract --offsets") kind=CHOICES:characters,bytes ;;
        " extract --layout") kind=CHOICES:lines,conll,spacy ;;
        " extract --html") kind=FILES ;;
        " extract --top") kind=ANYTHING ;;
        " extract --method") kind=CHOICES:embedding,yake ;;
        " extract --candidates") kind=CHOICES:auto,noun-chunks,n-grams ;;
        " extract --map") kind=FILES ;;
        " extract --kinds") kind=ANYTHING ;;
        " extract -i" | " extract --input") kind=FILES ;;
        " extract --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " extract --field") kind=fields ;;
        " extract --delimiter") kind=ANYTHING ;;
        " extract --quote") kind=ANYTHING ;;
        " extract --per") kind=CHOICES:line,paragraph,document ;;
        " extract --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " extract -o" | " extract --output") kind=FILES ;;
        " extract -F" | " extract --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " extract --on-error") kind=CHOICES:fail,skip,keep ;;
        " extract --shard") kind=ANYTHING ;;
        " extract --engine") kind=CHOICES:local,ray ;;
        " extract --ray-address") kind=ANYTHING ;;
        " extract --max-errors") kind=ANYTHING ;;
        " extract --summary") kind=FILES ;;
        " extract -m" | " extract --model") kind=models ;;
        " extract --revision") kind=ANYTHING ;;
        " extract --device") kind=devices ;;
        " extract --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " extract --batch-tokens") kind=CHOICES:auto ;;
        " extract --threads") kind=ANYTHING ;;
        " extract --seed") kind=ANYTHING ;;
        " extract --profile") kind=profiles ;;
        " extract --keep-warm") kind=ANYTHING ;;
        " words nearest --top") kind=ANYTHING ;;
        " words nearest --vocab") kind=ANYTHING ;;
        " words nearest -i" | " words nearest --input") kind=FILES ;;
        " words nearest --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " words nearest --field") kind=fields ;;
        " words nearest --delimiter") kind=ANYTHING ;;
        " words nearest --quote") kind=ANYTHING ;;
        " words nearest --per") kind=CHOICES:line,paragraph,document ;;
        " words nearest --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " words nearest -o" | " words nearest --output") kind=FILES ;;
        " words nearest -F" | " words nearest --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " words nearest --on-error") kind=CHOICES:fail,skip,keep ;;
        " words nearest --shard") kind=ANYTHING ;;
        " words nearest --engine") kind=CHOICES:local,ray ;;
        " words nearest --ray-address") kind=ANYTHING ;;
        " words nearest --max-errors") kind=ANYTHING ;;
        " words nearest --summary") kind=FILES ;;
        " words nearest -m" | " words nearest --model") kind=models ;;
        " words nearest --revision") kind=ANYTHING ;;
        " words nearest --device") kind=devices ;;
        " words nearest --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " words nearest --batch-tokens") kind=CHOICES:auto ;;
        " words nearest --threads") kind=ANYTHING ;;
        " words nearest --seed") kind=ANYTHING ;;
        " words nearest --profile") kind=profiles ;;
        " words nearest --keep-warm") kind=ANYTHING ;;
        " words analogy --top") kind=ANYTHING ;;
        " words analogy --method") kind=CHOICES:add,mul ;;
        " words analogy --vocab") kind=ANYTHING ;;
        " words analogy -i" | " words analogy --input") kind=FILES ;;
        " words analogy --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " words analogy --field") kind=fields ;;
        " words analogy --delimiter") kind=ANYTHING ;;
        " words analogy --quote") kind=ANYTHING ;;
        " words analogy --per") kind=CHOICES:line,paragraph,document ;;
        " words analogy --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " words analogy -o" | " words analogy --output") kind=FILES ;;
        " words analogy -F" | " words analogy --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " words analogy --on-error") kind=CHOICES:fail,skip,keep ;;
        " words analogy --shard") kind=ANYTHING ;;
        " words analogy --engine") kind=CHOICES:local,ray ;;
        " words analogy --ray-address") kind=ANYTHING ;;
        " words analogy --max-errors") kind=ANYTHING ;;
        " words analogy --summary") kind=FILES ;;
        " words analogy -m" | " words analogy --model") kind=models ;;
        " words analogy --revision") kind=ANYTHING ;;
        " words analogy --device") kind=devices ;;
        " words analogy --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " words analogy --batch-tokens") kind=CHOICES:auto ;;
        " words analogy --threads") kind=ANYTHING ;;
        " words analogy --seed") kind=ANYTHING ;;
        " words analogy --profile") kind=profiles ;;
        " words analogy --keep-warm") kind=ANYTHING ;;
        " words odd -i" | " words odd --input") kind=FILES ;;
        " words odd --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " words odd --field") kind=fields ;;
        " words odd --delimiter") kind=ANYTHING ;;
        " words odd --quote") kind=ANYTHING ;;
        " words odd --per") kind=CHOICES:line,paragraph,document ;;
        " words odd --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " words odd -o" | " words odd --output") kind=FILES ;;
        " words odd -F" | " words odd --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " words odd --on-error") kind=CHOICES:fail,skip,keep ;;
        " words odd --shard") kind=ANYTHING ;;
        " words odd --engine") kind=CHOICES:local,ray ;;
        " words odd --ray-address") kind=ANYTHING ;;
        " words odd --max-errors") kind=ANYTHING ;;
        " words odd --summary") kind=FILES ;;
        " words odd -m" | " words odd --model") kind=models ;;
        " words odd --revision") kind=ANYTHING ;;
        " words odd --device") kind=devices ;;
        " words odd --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " words odd --batch-tokens") kind=CHOICES:auto ;;
        " words odd --threads") kind=ANYTHING ;;
        " words odd --seed") kind=ANYTHING ;;
        " words odd --profile") kind=profiles ;;
        " words odd --keep-warm") kind=ANYTHING ;;
        " words compare -i" | " words compare --input") kind=FILES ;;
        " words compare --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " words compare --field") kind=fields ;;
        " words compare --delimiter") kind=ANYTHING ;;
        " words compare --quote") kind=ANYTHING ;;
        " words compare --per") kind=CHOICES:line,paragraph,document ;;
        " words compare --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " words compare -o" | " words compare --output") kind=FILES ;;
        " words compare -F" | " words compare --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " words compare --on-error") kind=CHOICES:fail,skip,keep ;;
        " words compare --shard") kind=ANYTHING ;;
        " words compare --engine") kind=CHOICES:local,ray ;;
        " words compare --ray-address") kind=ANYTHING ;;
        " words compare --max-errors") kind=ANYTHING ;;
        " words compare --summary") kind=FILES ;;
        " words compare -m" | " words compare --model") kind=models ;;
        " words compare --revision") kind=ANYTHING ;;
        " words compare --device") kind=devices ;;
        " words compare --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " words compare --batch-tokens") kind=CHOICES:auto ;;
        " words compare --threads") kind=ANYTHING ;;
        " words compare --seed") kind=ANYTHING ;;
        " words compare --profile") kind=profiles ;;
        " words compare --keep-warm") kind=ANYTHING ;;
        " words axis -i" | " words axis --input") kind=FILES ;;
        " words axis --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " words axis --field") kind=fields ;;
        " words axis --delimiter") kind=ANYTHING ;;
        " words axis --quote") kind=ANYTHING ;;
        " words axis --per") kind=CHOICES:line,paragraph,document ;;
        " words axis --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " words axis -o" | " words axis --output") kind=FILES ;;
        " words axis -F" | " words axis --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " words axis --on-error") kind=CHOICES:fail,skip,keep ;;
        " words axis --shard") kind=ANYTHING ;;
        " words axis --engine") kind=CHOICES:local,ray ;;
        " words axis --ray-address") kind=ANYTHING ;;
        " words axis --max-errors") kind=ANYTHING ;;
        " words axis --summary") kind=FILES ;;
        " words axis -m" | " words axis --model") kind=models ;;
        " words axis --revision") kind=ANYTHING ;;
        " words axis --device") kind=devices ;;
        " words axis --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " words axis --batch-tokens") kind=CHOICES:auto ;;
        " words axis --threads") kind=ANYTHING ;;
        " words axis --seed") kind=ANYTHING ;;
        " words axis --profile") kind=profiles ;;
        " words axis --keep-warm") kind=ANYTHING ;;
        " words map --plot") kind=FILES ;;
        " words map -i" | " words map --input") kind=FILES ;;
        " words map --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " words map --field") kind=fields ;;
        " words map --delimiter") kind=ANYTHING ;;
        " words map --quote") kind=ANYTHING ;;
        " words map --per") kind=CHOICES:line,paragraph,document ;;
        " words map --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " words map -o" | " words map --output") kind=FILES ;;
        " words map -F" | " words map --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " words map --on-error") kind=CHOICES:fail,skip,keep ;;
        " words map --shard") kind=ANYTHING ;;
        " words map --engine") kind=CHOICES:local,ray ;;
        " words map --ray-address") kind=ANYTHING ;;
        " words map --max-errors") kind=ANYTHING ;;
        " words map --summary") kind=FILES ;;
        " words map -m" | " words map --model") kind=models ;;
        " words map --revision") kind=ANYTHING ;;
        " words map --device") kind=devices ;;
        " words map --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " words map --batch-tokens") kind=CHOICES:auto ;;
        " words map --threads") kind=ANYTHING ;;
        " words map --seed") kind=ANYTHING ;;
        " words map --profile") kind=profiles ;;
        " words map --keep-warm") kind=ANYTHING ;;
        " words evaluate --method") kind=CHOICES:add,mul ;;
        " words evaluate --vocab") kind=ANYTHING ;;
        " words evaluate -i" | " words evaluate --input") kind=FILES ;;
        " words evaluate --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " words evaluate --field") kind=fields ;;
        " words evaluate --delimiter") kind=ANYTHING ;;
        " words evaluate --quote") kind=ANYTHING ;;
        " words evaluate --per") kind=CHOICES:line,paragraph,document ;;
        " words evaluate --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " words evaluate -o" | " words evaluate --output") kind=FILES ;;
        " words evaluate -F" | " words evaluate --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " words evaluate --on-error") kind=CHOICES:fail,skip,keep ;;
        " words evaluate --shard") kind=ANYTHING ;;
        " words evaluate --engine") kind=CHOICES:local,ray ;;
        " words evaluate --ray-address") kind=ANYTHING ;;
        " words evaluate --max-errors") kind=ANYTHING ;;
        " words evaluate --summary") kind=FILES ;;
        " words evaluate -m" | " words evaluate --model") kind=models ;;
        " words evaluate --revision") kind=ANYTHING ;;
        " words evaluate --device") kind=devices ;;
        " words evaluate --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " words evaluate --batch-tokens") kind=CHOICES:auto ;;
        " words evaluate --threads") kind=ANYTHING ;;
        " words evaluate --seed") kind=ANYTHING ;;
        " words evaluate --profile") kind=profiles ;;
        " words evaluate --keep-warm") kind=ANYTHING ;;
        " bias weat --sets") kind=FILES ;;
        " bias weat --level") kind=CHOICES:auto,words,sentences ;;
        " bias weat --plot") kind=FILES ;;
        " bias weat -i" | " bias weat --input") kind=FILES ;;
        " bias weat --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " bias weat --field") kind=fields ;;
        " bias weat --delimiter") kind=ANYTHING ;;
        " bias weat --quote") kind=ANYTHING ;;
        " bias weat --per") kind=CHOICES:line,paragraph,document ;;
        " bias weat --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " bias weat -o" | " bias weat --output") kind=FILES ;;
        " bias weat -F" | " bias weat --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " bias weat --on-error") kind=CHOICES:fail,skip,keep ;;
        " bias weat --shard") kind=ANYTHING ;;
        " bias weat --engine") kind=CHOICES:local,ray ;;
        " bias weat --ray-address") kind=ANYTHING ;;
        " bias weat --max-errors") kind=ANYTHING ;;
        " bias weat --summary") kind=FILES ;;
        " bias weat -m" | " bias weat --model") kind=models ;;
        " bias weat --revision") kind=ANYTHING ;;
        " bias weat --device") kind=devices ;;
        " bias weat --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " bias weat --batch-tokens") kind=CHOICES:auto ;;
        " bias weat --threads") kind=ANYTHING ;;
        " bias weat --seed") kind=ANYTHING ;;
        " bias weat --profile") kind=profiles ;;
        " bias weat --keep-warm") kind=ANYTHING ;;
        " bias pairs --by") kind=ANYTHING ;;
        " bias pairs --plot") kind=FILES ;;
        " bias pairs -i" | " bias pairs --input") kind=FILES ;;
        " bias pairs --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " bias pairs --field") kind=fields ;;
        " bias pairs --delimiter") kind=ANYTHING ;;
        " bias pairs --quote") kind=ANYTHING ;;
        " bias pairs --per") kind=CHOICES:line,paragraph,document ;;
        " bias pairs --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " bias pairs -o" | " bias pairs --output") kind=FILES ;;
        " bias pairs -F" | " bias pairs --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " bias pairs --on-error") kind=CHOICES:fail,skip,keep ;;
        " bias pairs --shard") kind=ANYTHING ;;
        " bias pairs --engine") kind=CHOICES:local,ray ;;
        " bias pairs --ray-address") kind=ANYTHING ;;
        " bias pairs --max-errors") kind=ANYTHING ;;
        " bias pairs --summary") kind=FILES ;;
        " bias pairs -m" | " bias pairs --model") kind=models ;;
        " bias pairs --revision") kind=ANYTHING ;;
        " bias pairs --device") kind=devices ;;
        " bias pairs --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " bias pairs --batch-tokens") kind=CHOICES:auto ;;
        " bias pairs --threads") kind=ANYTHING ;;
        " bias pairs --seed") kind=ANYTHING ;;
        " bias pairs --profile") kind=profiles ;;
        " bias pairs --keep-warm") kind=ANYTHING ;;
        " bias swap --sets") kind=FILES ;;
        " bias swap --label") kind=ANYTHING ;;
        " bias swap --plot") kind=FILES ;;
        " bias swap -i" | " bias swap --input") kind=FILES ;;
        " bias swap --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " bias swap --field") kind=fields ;;
        " bias swap --delimiter") kind=ANYTHING ;;
        " bias swap --quote") kind=ANYTHING ;;
        " bias swap --per") kind=CHOICES:line,paragraph,document ;;
        " bias swap --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " bias swap -o" | " bias swap --output") kind=FILES ;;
        " bias swap -F" | " bias swap --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " bias swap --on-error") kind=CHOICES:fail,skip,keep ;;
        " bias swap --shard") kind=ANYTHING ;;
        " bias swap --engine") kind=CHOICES:local,ray ;;
        " bias swap --ray-address") kind=ANYTHING ;;
        " bias swap --max-errors") kind=ANYTHING ;;
        " bias swap --summary") kind=FILES ;;
        " bias swap -m" | " bias swap --model") kind=models ;;
        " bias swap --revision") kind=ANYTHING ;;
        " bias swap --device") kind=devices ;;
        " bias swap --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " bias swap --batch-tokens") kind=CHOICES:auto ;;
        " bias swap --threads") kind=ANYTHING ;;
        " bias swap --seed") kind=ANYTHING ;;
        " bias swap --profile") kind=profiles ;;
        " bias swap --keep-warm") kind=ANYTHING ;;
        " attention-inspect --layer") kind=ANYTHING ;;
        " attention-inspect --head") kind=ANYTHING ;;
        " attention-inspect --part") kind=CHOICES:text,vision ;;
        " attention-inspect --pair") kind=ANYTHING ;;
        " attention-inspect --method") kind=CHOICES:raw,rollout,gradient,integrated-gradients ;;
        " attention-inspect --ablate") kind=ANYTHING ;;
        " attention-inspect --compare") kind=ANYTHING ;;
        " attention-inspect --compare-model") kind=ANYTHING ;;
        " attention-inspect --top") kind=ANYTHING ;;
        " attention-inspect --html") kind=FILES ;;
        " attention-inspect --png") kind=FILES ;;
        " attention-inspect --npz") kind=FILES ;;
        " attention-inspect -i" | " attention-inspect --input") kind=FILES ;;
        " attention-inspect --input-format") kind=CHOICES:txt,jsonl,json,csv,tsv,parquet,docx ;;
        " attention-inspect --field") kind=fields ;;
        " attention-inspect --delimiter") kind=ANYTHING ;;
        " attention-inspect --quote") kind=ANYTHING ;;
        " attention-inspect --per") kind=CHOICES:line,paragraph,document ;;
        " attention-inspect --encoding") kind=CHOICES:utf-8,utf-16,gb18030,big5,shift_jis,latin-1,cp1252 ;;
        " attention-inspect -o" | " attention-inspect --output") kind=FILES ;;
        " attention-inspect -F" | " attention-inspect --format") kind=CHOICES:text,jsonl,json,csv,tsv,parquet,npy,docx ;;
        " attention-inspect --on-error") kind=CHOICES:fail,skip,keep ;;
        " attention-inspect --shard") kind=ANYTHING ;;
        " attention-inspect --engine") kind=CHOICES:local,ray ;;
        " attention-inspect --ray-address") kind=ANYTHING ;;
        " attention-inspect --max-errors") kind=ANYTHING ;;
        " attention-inspect --summary") kind=FILES ;;
        " attention-inspect -m" | " attention-inspect --model") kind=models ;;
        " attention-inspect --revision") kind=ANYTHING ;;
        " attention-inspect --device") kind=devices ;;
        " attention-inspect --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " attention-inspect --batch-tokens") kind=CHOICES:auto ;;
        " attention-inspect --threads") kind=ANYTHING ;;
        " attention-inspect --seed") kind=ANYTHING ;;
        " attention-inspect --profile") kind=profiles ;;
        " attention-inspect --keep-warm") kind=ANYTHING ;;
        " models pull --revision") kind=ANYTHING ;;
        " models path --revision") kind=ANYTHING ;;
        " models rm --revision") kind=ANYTHING ;;
        " serve start --keep-alive") kind=ANYTHING ;;
        " serve start --memory") kind=ANYTHING ;;
        " serve run --keep-alive") kind=ANYTHING ;;
        " serve run --memory") kind=ANYTHING ;;
        " serve run --http") kind=ANYTHING ;;
        " serve run --api-key") kind=ANYTHING ;;
        " serve run --api-key-file") kind=FILES ;;
        " serve run --cors") kind=ANYTHING ;;
        " serve run -m" | " serve run --model") kind=models ;;
        " serve run --max-body") kind=ANYTHING ;;
        " serve run --max-time") kind=ANYTHING ;;
        " serve run --max-running") kind=ANYTHING ;;
        " serve run --max-waiting") kind=ANYTHING ;;
        " config show --profile") kind=profiles ;;
        " bench -m" | " bench --model") kind=models ;;
        " bench --revision") kind=ANYTHING ;;
        " bench -i" | " bench --input") kind=FILES ;;
        " bench --field") kind=fields ;;
        " bench --device") kind=devices ;;
        " bench --profile") kind=profiles ;;
        " devices --device") kind=devices ;;
        " devices --dtype") kind=CHOICES:auto,float32,bfloat16,float16,int8,int4 ;;
        " devices --profile") kind=profiles ;;
        *) kind="" ;;
    esac
}

_nlpcli_options() {
    # The options of $1.
    case "$1" in
        "") _nlpcli_offer "$current" -V --version --profile --install-completion --show-completion -h --help ;;
        " generate") _nlpcli_offer "$current" --system --max-tokens --temperature --top-p --top-k --greedy --no-greedy --stop --n --raw --no-raw --schema --template --why --no-why --html --stream --no-stream -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " translate") _nlpcli_offer "$current" --from --to --markup --glossary --beams --shortlist --no-shortlist --scores --no-scores --why --no-why --html --min-confidence -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " summarize") _nlpcli_offer "$current" --length --max-words --method --bullets --no-bullets --markup -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " sentiment") _nlpcli_offer "$current" --all-scores --no-all-scores --threshold --aggregate --no-aggregate --labels --why --no-why --html --hypothesis -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " embed") _nlpcli_offer "$current" --search --similarity --no-similarity --top --chunks --no-chunks --plot --pooling --normalize --no-normalize --dim --precision --why --no-why --html --prompt -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " extract") _nlpcli_offer "$current" --types --aggregation --schema --examples --grounded-only --no-grounded-only --offsets --layout --html --count --no-count --keyphrases --no-keyphrases --top --method --candidates --mask --no-mask --unmask --no-unmask --map --kinds --originals --no-originals -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " words") _nlpcli_offer "$current" -h --help ;;
        " words nearest") _nlpcli_offer "$current" --top --vocab -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " words analogy") _nlpcli_offer "$current" --top --method --vocab -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " words odd") _nlpcli_offer "$current" -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " words compare") _nlpcli_offer "$current" -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " words axis") _nlpcli_offer "$current" -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " words map") _nlpcli_offer "$current" --plot -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " words evaluate") _nlpcli_offer "$current" --method --vocab -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " bias") _nlpcli_offer "$current" -h --help ;;
        " bias weat") _nlpcli_offer "$current" --sets --level --plot -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " bias pairs") _nlpcli_offer "$current" --each --no-each --by --plot -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " bias swap") _nlpcli_offer "$current" --sets --label --plot -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " attention-inspect") _nlpcli_offer "$current" --layer --head --part --pair --method --ablate --compare --compare-model --top --verify --no-verify --html --png --npz -i --input --input-format --field --delimiter --quote --no-header --header --per -0 --null --no-null --encoding -o --output -F --format --on-error --resume --no-resume --update --no-update --retry-errors --no-retry-errors --shard --engine --ray-address --max-errors --dedupe --no-dedupe --cache --no-cache --summary -m --model --revision --device --dtype --batch-tokens --threads --seed --exact --no-exact --offline --no-offline --profile --server --no-server --keep-warm --progress --no-progress -q --quiet --no-quiet -v --verbose --no-verbose -h --help ;;
        " jobs") _nlpcli_offer "$current" -h --help ;;
        " jobs status") _nlpcli_offer "$current" --json --no-json -h --help ;;
        " jobs list") _nlpcli_offer "$current" --json --no-json -h --help ;;
        " jobs merge") _nlpcli_offer "$current" -h --help ;;
        " jobs rm") _nlpcli_offer "$current" -y --yes --no-yes --dry-run --no-dry-run --json --no-json -h --help ;;
        " jobs cache") _nlpcli_offer "$current" --clear --no-clear --json --no-json -h --help ;;
        " models") _nlpcli_offer "$current" -h --help ;;
        " models list") _nlpcli_offer "$current" --available --no-available --json --no-json -h --help ;;
        " models pull") _nlpcli_offer "$current" --revision -q --quiet --no-quiet -h --help ;;
        " models path") _nlpcli_offer "$current" --revision -h --help ;;
        " models rm") _nlpcli_offer "$current" --revision -y --yes --no-yes --dry-run --no-dry-run --json --no-json -h --help ;;
        " models prune") _nlpcli_offer "$current" -y --yes --no-yes --dry-run --no-dry-run --json --no-json -h --help ;;
        " models verify") _nlpcli_offer "$current" --json --no-json -h --help ;;
        " serve") _nlpcli_offer "$current" -h --help ;;
        " serve start") _nlpcli_offer "$current" --keep-alive --memory -h --help ;;
        " serve stop") _nlpcli_offer "$current" -h --help ;;
        " serve status") _nlpcli_offer "$current" --json --no-json -h --help ;;
        " serve run") _nlpcli_offer "$current" --keep-alive --memory --http --api-key --api-key-file --cors -m --model --max-body --max-time --max-running --max-waiting -h --help ;;
        " config") _nlpcli_offer "$current" -h --help ;;
        " config show") _nlpcli_offer "$current" --profile --json --no-json -h --help ;;
        " config path") _nlpcli_offer "$current" -h --help ;;
        " bench") _nlpcli_offer "$current" -m --model --revision -i --input --field --device --offline --no-offline --profile --dry-run --no-dry-run --json --no-json -q --quiet --no-quiet -h --help ;;
        " devices") _nlpcli_offer "$current" --device --dtype --profile --json --no-json -h --help ;;
    esac
}

_nlpcli_arguments() {
    # Commands and arguments.
    case "$1" in
        "") _nlpcli_offer "$current" generate translate summarize sentiment embed extract words bias attention-inspect jobs models serve config bench devices ;;
        " generate") _nlpcli_value TEXTS "$current" ;;
        " translate") _nlpcli_value TEXTS "$current" ;;
        " summarize") _nlpcli_value TEXTS "$current" ;;
        " sentiment") _nlpcli_value TEXTS "$current" ;;
        " embed") _nlpcli_value TEXTS "$current" ;;
        " extract") _nlpcli_value TEXTS "$current" ;;
        " words") _nlpcli_offer "$current" nearest analogy odd compare axis map evaluate ;;
        " words nearest") _nlpcli_value TEXTS "$current" ;;
        " words analogy") _nlpcli_value TEXTS "$current" ;;
        " words odd") _nlpcli_value TEXTS "$current" ;;
        " words compare") _nlpcli_value TEXTS "$current" ;;
        " words axis") _nlpcli_value TEXTS "$current" ;;
        " words map") _nlpcli_value TEXTS "$current" ;;
        " words evaluate") _nlpcli_value FILES "$current" ;;
        " bias") _nlpcli_offer "$current" weat pairs swap ;;
        " bias weat") _nlpcli_value TEXTS "$current" ;;
        " bias swap") _nlpcli_value TEXTS "$current" ;;
        " attention-inspect") _nlpcli_value TEXTS "$current" ;;
        " jobs") _nlpcli_offer "$current" status list merge rm cache ;;
        " models") _nlpcli_offer "$current" list pull path rm prune verify ;;
        " models pull") _nlpcli_value models "$current" ;;
        " models path") _nlpcli_value cached "$current" ;;
        " models rm") _nlpcli_value cached "$current" ;;
        " models verify") _nlpcli_value cached "$current" ;;
        " serve") _nlpcli_offer "$current" start stop status run ;;
        " config") _nlpcli_offer "$current" show path ;;
        " config show") _nlpcli_value CHOICES:generate,translate,summarize,sentiment,embed,extract,words,bias,attention-inspect,jobs,models,serve,config,bench,devices "$current" ;;
        " bench") _nlpcli_value CHOICES:generate,translate,summarize,sentiment,embed,extract "$current" ;;
    esac
}

_nlpcli() {
    local words=() path="" kind="" index word last current ended="" reads=""
    COMPREPLY=()
    _nlpcli_words
    words[0]=${words[0]/#\~/$HOME}
    last=$((${#words[@]} - 1))
    current=${words[last]}
    for ((index = 1; index < last; index++)); do
        word=${words[index]}
        if [[ $word == -- ]]; then
            ended=yes
            break
        elif [[ $word == -?* ]]; then
            if [[ $word == -i* || $word == --input || $word == --input=* ]]; then
                reads=yes
            fi
            _nlpcli_kind "$path" "$word"
            if [[ -n $kind ]]; then
                index=$((index + 1))
            fi
        elif _nlpcli_is_command "$path $word"; then
            path="$path $word"
        fi
    done
    kind=""
    if [[ -z $ended ]]; then
        if ((last > 1)); then
            _nlpcli_kind "$path" "${words[last - 1]}"
            if [[ -n $kind ]]; then
                _nlpcli_value "$kind" "$current"
                return
            fi
        fi
        if [[ $current == --*=* ]]; then
            _nlpcli_kind "$path" "${current%%=*}"
            _nlpcli_value "${kind:-ANYTHING}" "${current#*=}"
            return
        elif [[ $current == -* ]]; then
            _nlpcli_options "$path"
            return
        fi
    fi
    _nlpcli_arguments "$path"
}

complete -F _nlpcli nlpcli
