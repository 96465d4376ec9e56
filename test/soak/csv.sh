#!/usr/bin/env bash
# Every CSV twin of the portal opened by a real spreadsheet: LibreOffice reads it, writes it as
# .fods, and no cell may have become a formula; nor in a table of hostile strings that went through
# our writer. The same strings without its guard must show as formulas, or nothing was looked at.
# Needs soffice (Debian: libreoffice-calc-nogui) and curl; exit status 77 if they are missing.
# script/soak runs it; script/test does not, because the package is large.
set -euo pipefail
cd "$(dirname "$0")/../.."
fumao=${FUMAO:-build/fumao}
hostile=${HOSTILE:-build/test/csv_hostile}
for tool in soffice curl; do
    command -v "$tool" >/dev/null || {
        echo "csv: $tool is missing (apt-get install libreoffice-calc-nogui curl), not checked"
        exit 77
    }
done
tmp=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$tmp"' EXIT
mkdir "$tmp/csv" "$tmp/bare" "$tmp/out"

"$fumao" serve --listen 127.0.0.1:0 --rate 0 --store "sqlite:$tmp/s.db" 2>"$tmp/log" &
pid=$!
port=
for _ in $(seq 100); do
    port=$(sed -n 's|.*127\.0\.0\.1:\([0-9]*\)/.*|\1|p' "$tmp/log")
    [ -n "$port" ] && break
    sleep 0.1
done
[ -n "$port" ] || { echo "csv: serve is not ready: $(cat "$tmp/log")"; exit 1; }
site=http://127.0.0.1:$port
values() { curl -sf "$site$1" | grep -o "\"$2\":\"[^\"]*\"" | cut -d '"' -f 4 | sort -u; }

# The twins there are, of classes the sections and divisions; a list without items or without a heat map has none of that kind (404).
{
    for id in $(values /lists.json id); do
        echo "/lists/$id.csv"
        echo "/lists/$id/heat.csv"
    done
    echo "/lists/cn-national-2024/heat.csv?section=J"
    for pair in cn-national-2024...cn-ftz-2024 cn-hainan-2021...cn-national-2024 \
        cross-border@CN-SH@2025-01-01...cross-border@CN-HI@2025-01-01; do
        echo "/diff/$pair.csv"
    done
    for from in SG HK TW US; do
        echo "/map.csv?from=$from"
        echo "/map.csv?from=$from&to=CN-HI&kind=person"
    done
    echo /services.csv
    for code in $(values /api/v1/codes/gbt code | grep -E '^.{1,2}$'); do echo "/services/$code.csv"; done
    echo /zones.csv
    for code in $(values /zones.json code | grep '^CN'); do echo "/zones/$code.csv"; done
    echo /agreements.csv
    for id in $(values /agreements.json id); do echo "/agreements/$id.csv"; done
} >"$tmp/paths"
n=0
absent=0
while read -r path; do
    file=$tmp/csv/$(printf '%s' "$path" | tr -c 'A-Za-z0-9.\n-' '_')
    if curl -sf -o "$file.csv" "$site$path"; then
        n=$((n + 1))
    else
        rm -f "$file.csv"
        absent=$((absent + 1))
    fi
done <"$tmp/paths"
if [ "$n" -lt 50 ]; then
    echo "csv: only $n twins were found"
    exit 1
fi
"$hostile" >"$tmp/csv/hostile.csv"
"$hostile" --bare >"$tmp/bare/bare.csv"

# Comma, double quote, UTF-8, from line 1; some hundred files at a time.
convert() {
    find "$1" -name '*.csv' -print0 | sort -z |
        xargs -0 -n 200 soffice "-env:UserInstallation=file://$tmp/profile" --headless --calc \
            --convert-to fods --infilter="Text - txt - csv (StarCalc):44,34,76,1" \
            --outdir "$tmp/out" >>"$tmp/soffice" 2>&1
}
formulas() { grep -o 'table:formula="[^"]*"' "$@" || true; }
convert "$tmp/bare"
seen=$(formulas "$tmp/out/bare.fods" | wc -l)
if [ "$seen" -lt 20 ]; then
    echo "csv: without the guard LibreOffice sees $seen formulas, so this proves nothing"
    exit 1
fi
rm "$tmp/out/bare.fods"
convert "$tmp/csv"
written=$(find "$tmp/out" -name '*.fods' | wc -l)
if [ "$written" -ne $((n + 1)) ]; then
    echo "csv: LibreOffice opened $written of $((n + 1)) tables: $(tail -n 3 "$tmp/soffice")"
    exit 1
fi
cells=$(cat "$tmp"/out/*.fods | grep -o '<table:table-cell[^>]*office:value-type' | wc -l)
find "$tmp/out" -name '*.fods' -print0 | xargs -0 grep -Ho 'table:formula="[^"]*"' >"$tmp/found" || true
if [ -s "$tmp/found" ]; then
    echo "csv: FAILED, formula cells:"
    sed "s|$tmp/out/||" "$tmp/found" | head -n 20
    exit 1
fi
echo "csv: $n twins and the hostile table, $cells cells, 0 formulas ($seen without the guard;" \
    "$absent addresses without a twin)"
