#!/usr/bin/env bash
# Lists from the command line: checked, published, shown, and the life of a rule told.
set -u
fumao=${FUMAO:-build/fumao}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
. test/lib.sh

# golden ARGS... <<TEXT: wants exactly this output.
golden() {
    local out
    checks=$((checks + 1))
    if ! out=$(diff <(cat) <("$fumao" "$@" --store "sqlite:$db" --lang en 2>&1)); then
        fault "fumao $* is not as it was"
        echo "$out"
    fi
}

# draft FILE ID VALID_FROM EFFECT MEMBERS: a national list of one item, customs declaration.
draft() {
    cat >"$tmp/$1" <<JSON
{
 "id": "$2", $5
 "family": "cross-border", "layer": "national", "default": "equal",
 "territory": ["CN"], "beneficiaries": ["*"], "edition_kind": "working",
 "title_zh": "试", "title_en": "Trial", "valid_from": "$3",
 "provisions": [
  {
   "key": "customs-declaration", "effect": "$4", "evidence": "C", "sources": ["x"],
   "zh": "报关", "en": "Customs declaration",
   "scope": {"sectors": ["7297"], "modes": [1], "directions": ["import"],
             "kinds": ["firm", "person"]}
  }
 ]
}
JSON
}
replaces='"replaces": ["cn-national-2024"],'

# --- lint ----------------------------------------------------------------------------------
draft clean.json cn-new 2025-01-01 notify "$replaces"
expect 0 'clean.json: 1 provisions, no findings$' list lint "$tmp/clean.json"
expect 0 '"errors": 0,' list lint "$tmp/clean.json" -o json
draft mark.json cn-new 2025-01-01 notify '"note_zh": "? from where",'
expect 1 'mark.json:2: error: a mark of the draft is left' list lint "$tmp/mark.json"
draft unknown.json cn-new 2025-01-01 notify '"replaces": ["cn-nothing"],'
expect 1 'unknown.json:2/replaces|unknown.json:2 /replaces' list lint "$tmp/unknown.json"
expect 1 '"code": "invalid"' list lint "$tmp/unknown.json" --json
draft effect.json cn-new 2025-01-01 forbid ''
expect 1 'effect.json:8 /provisions/0/effect' list lint "$tmp/effect.json"
draft codes.json cn-new 2025-01-01 notify '"classification": "GB/T 4754-2011",'
expect 1 'must be those of GB/T 4754-2017; this text uses GB/T 4754-2011' list lint "$tmp/codes.json"
draft early.json cn-new 2024-04-21 notify "$replaces"
expect 1 'not after the day on which cn-national-2024' list lint "$tmp/early.json"
printf 'fumao-draft 1\n' >"$tmp/text.draft"
expect 1 'fumao list import' list lint "$tmp/text.draft"
expect 0 'overlaps "telecom-local-licence" in [0-9]+ cells.*\[overlap\]' \
    list lint data/instruments/cn-national-2024.json
expect 0 '\[unlocated\]' list lint data/instruments/cn-hainan-2021.json
expect 2 'usage' list lint
expect 2 'no option --fix' list lint "$tmp/clean.json" --fix=1

# --- publish -------------------------------------------------------------------------------
expect 2 'usage' list publish
expect 3 'not-found' list publish "$tmp/absent.json"
expect 1 'invalid' list publish "$tmp/unknown.json"
expect 1 '1 errors: not published' list publish "$tmp/mark.json" --yes
expect 2 'past' list publish "$tmp/clean.json" --known 2020-01-01
expect 2 'syntax' list publish "$tmp/clean.json" --known tomorrow
# A rehearsal says what changes and writes nothing.
expect 0 'new cn-new  \[2025-01-01, …\)' list publish "$tmp/clean.json"
expect 0 'ended cn-national-2024  \[2024-04-21, 2025-01-01\)' list publish "$tmp/clean.json"
expect 0 'a rehearsal: nothing was written' list publish "$tmp/clean.json"
expect 0 '"published": false' list publish "$tmp/clean.json" -o json
expect 3 'not-found' list show cn-new
expect 0 '✕ prohibited' check 7297 --mode 1 --from SG --to CN-SH --on 2025-01-01
# Published: the old text ends where the new one begins.
expect 0 '^published, known from' list publish "$tmp/clean.json" --yes
expect 0 'Trial' list show cn-new
expect 0 '"ended_by": "cn-new"' list show cn-national-2024 --json
expect 0 '✕ prohibited' check 7297 --mode 1 --from SG --to CN-SH --on 2024-12-31
expect 0 '△ allowed under conditions' check 7297 --mode 1 --from SG --to CN-SH --on 2025-01-01
expect 0 'the store has this text already: nothing changes' list publish "$tmp/clean.json" --yes
expect 0 '"unchanged": true' list publish "$tmp/clean.json" --yes --json
# Corrected on the same day: the first record stays in the log.
draft again.json cn-new 2025-01-01 prohibit "$replaces"
expect 0 'correction cn-new' list publish "$tmp/again.json"
expect 0 'published' list publish "$tmp/again.json" --yes
expect 0 'corrected on the same day' list log cn-new
expect 0 '"known": false' list log cn-new -o json
expect 0 '✕ prohibited' check 7297 --mode 1 --from SG --to CN-SH --on 2025-01-01
# A record known only from a later day cannot be closed today.
draft later.json cn-later 2025-01-01 notify ''
expect 0 'known from 2090-01-10' list publish "$tmp/later.json" --known 2090-01-10 --yes
draft later.json cn-later 2025-01-01 prohibit ''
expect 5 'conflict' list publish "$tmp/later.json" --yes
expect 0 'published' list publish "$tmp/later.json" --known 2090-01-11 --yes

# --- show, blame ---------------------------------------------------------------------------
expect 0 '^  B  48  the rule was read in the statute behind it' list show cn-hainan-2021
expect 0 '^  unlocated 3: published, not found, and not invented' list show cn-hainan-2021
expect 0 '"certainty": "indicative"' list show cn-hainan-2021 --json
expect 0 'customs-declaration \[C\]' list show cn-new customs-declaration

db=$tmp/fresh.db
golden list blame vet-exam <<'TEXT'
vet-exam
Foreign individuals may not apply for the licensed-veterinarian examination, registration or filing.

cn-national-2024  no. 60  M  qualification-barred [A]
    valid [2024-04-21, …)  known [2026-11-22, …)
    first seen here

first bound on 2024-04-21
not in: cn-ftz-2024 (held 68/68)
not in: cn-hainan-2021 (held 67/70)
TEXT
golden list blame securities-accounts-individuals <<'TEXT'
securities-accounts-individuals
Securities accounts are for Chinese citizens, legal persons and partnerships, unless the State provides otherwise.

cn-hainan-2021  J  restrict [B]
    valid [2021-08-26, …)  known [2026-11-22, …)
    first seen here
cn-national-2024  J  restrict [B]
    valid [2024-04-21, …)  known [2026-11-22, …)
    against cn-hainan-2021: exceptions
cn-ftz-2024  J  restrict [B]
    valid [2024-04-21, …)  known [2026-11-22, …)
    against cn-national-2024: exceptions

first bound on 2021-08-26
TEXT
expect 0 '"current": true' list blame vet-exam --json
expect 3 'vet-exam\?' list blame vet-exm
expect 3 'not-found' list blame no-such-rule-anywhere
expect 2 'usage' list blame

# A rule that a new list no longer has went when the old one ended; a correction may take it out.
draft clean.json cn-new 2025-01-01 notify "$replaces"
expect 0 'published' list publish "$tmp/clean.json" --known 2090-01-10 --yes
expect 0 'went on 2025-01-01' list blame vet-exam
expect 0 'not in: cn-new ' list blame vet-exam
sed 's/"note_en": "/"note_en": "Corrected. /' data/instruments/cn-national-2024.json >"$tmp/note.json"
expect 0 'published' list publish "$tmp/note.json" --known 2090-01-11 --yes
expect 0 'later corrections that left it alone: 1' list blame vet-exam
sed 's/"vet-exam"/"vet-exam-2"/' data/instruments/cn-national-2024.json >"$tmp/renamed.json"
expect 0 'published' list publish "$tmp/renamed.json" --known 2090-01-12 --yes
expect 0 'taken out by the correction known from 2090-01-12' list blame vet-exam
expect 0 'in no current text any more' list blame vet-exam
expect 0 'against cn-national-2024: effect, text, no, section, evidence|against cn-national-2024: ' \
    list blame customs-declaration

finish
