#!/bin/sh
# Reviews what no compiler complains about: forgotten merge conflicts, notes to oneself without an
# issue number, very long lines, trailing blanks, carriage returns.
#
# The rules are exact searches, so a hit is a hit: a conflict means `reject`, more than 10 points
# plus one per hundred lines (a minor finding is 1 point) means `changes`, else `approve`. The
# confidence is the share of lines that were read, at the low end of its 95 % interval (Wilson):
# little code, or much that could not be read, makes any verdict uncertain.
#
# Shell, find and awk only: an agent may be written in anything that reads and writes lines.
set -eu
LC_ALL=C
export LC_ALL

read -r request || exit 1
id=${request#*'"id":"'}
id=${id%%'"'*}

refuse() {
  printf '{"id":"%s","error":{"message":"%s","retryable":false}}\n' "$id" "$1"
  exit 0
}

# The text of a string field of the input. A path with a quote or a backslash is refused below.
field() {
  case $input in *"\"$1\":\""*) ;; *) return 0 ;; esac
  value=${input#*"\"$1\":\""}
  printf '%s' "${value%%'"'*}"
}

case $request in *'"input":{'*) ;; *) refuse "the input needs a path: a file or a folder" ;; esac
input=${request#*'"input":{'}
input=${input%%'}'*}
path=$(field path)
case $path in
  '') refuse "the input needs a path: a file or a folder" ;;
  *\\*) refuse "a path with a quote, a backslash or a control character is not supported" ;;
  /*) ;;
  *) if [ -e "${PRISM_CWD:-.}/$path" ]; then path=${PRISM_CWD:-.}/$path; else path=./$path; fi ;;
esac
[ -e "$path" ] || refuse "the path does not exist"

# Names of files under the path, one per line, for `"files":["a","b"]`; empty for all.
only=$(printf '%s' "$input" | sed -n 's/.*"files":\["\([^]]*\)"\].*/\1/p' | sed 's/","/\
/g')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# Files of known kinds of at most 512 KiB, without folders of others' code, in a stable order.
find "$path" \( -name target -o -name node_modules -o -name dist -o -name build -o -name vendor \
    -o -name venv -o -name __pycache__ -o -name '.?*' ! -path "$path" \) -prune -o -type f \
    \( -name '*.rs' -o -name '*.py' -o -name '*.js' -o -name '*.ts' -o -name '*.sh' \
    -o -name '*.prism' -o -name '*.toml' -o -name '*.yaml' -o -name '*.yml' -o -name '*.md' \) \
    -size -1025 -print 2>/dev/null | sort | head -5000 > "$work/all"
if [ -n "$only" ]; then
  printf '%s\n' "$only" | sed "s|^|${path%/}/|" | grep -Fxf - "$work/all" > "$work/files" || true
else
  cp "$work/all" "$work/files"
fi
printf '{"id":"%s","progress":{"read":0,"of":%d}}\n' "$id" "$(wc -l < "$work/files")"

# One line per finding: rank, file, line, rule, message; and one line `lines` per batch of files.
# A file that cannot be read counts as a hundred lines.
cat > "$work/rules.awk" <<'RULES'
function hit(rank, rule, message) {
  printf "%d\t%s\t%d\t%s\t%s\n", rank, substr(FILENAME, cut), FNR, rule, message
}
/^(<<<<<<<|>>>>>>>) / { hit(1, "merge-conflict", "a merge was not finished here") }
/(^|[^A-Za-z0-9_])(TO[D]O|FIX[M]E)([^A-Za-z0-9_]|$)/ && !/#[0-9]/ {
  hit(3, "note-without-issue", "a note to oneself; an issue number would tell others")
}
/\r$/ { hit(3, "carriage-return", "the line ends with a carriage return") }
/[ \t]$/ { hit(3, "trailing-blank", "the line ends with a blank") }
length($0) > 160 { hit(3, "long-line", "the line has " length($0) " bytes") }
END { printf "lines\t%d\n", NR }
RULES

: > "$work/found"
unread=0
while IFS= read -r file; do
  if [ -r "$file" ]; then printf '%s\0' "$file"
  else unread=$((unread + 100)); fi
done < "$work/files" > "$work/readable"
if [ -f "$path" ]; then prefix=${path%/*}/; else prefix=${path%/}/; fi
xargs -0 -r awk -v cut="$((${#prefix} + 1))" -f "$work/rules.awk" < "$work/readable" > "$work/found"

# The findings in order, then one answer.
sort -t "$(printf '\t')" -k1,1n -k2,2 -k3,3n "$work/found" | awk -F '\t' -v id="$id" \
    -v files="$(wc -l < "$work/files")" -v unread="$unread" '
function quoted(text) {
  gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text); gsub(/[\001-\037\177-\377]/, "?", text)
  return "\"" text "\""
}
function low(right, total,   share, z) {
  if (total == 0) return 0
  z = 1.96; share = right / total
  return (share + z * z / (2 * total) - z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))) / (1 + z * z / total)
}
$1 == "lines" { lines += $2; next }
{
  grade = $1 == 1 ? "critical" : "minor"
  count[grade]++
  if (listed++ < 200)
    list = list (list == "" ? "" : ",") sprintf("{\"file\":%s,\"line\":%d,\"rule\":%s,\"severity\":\"%s\",\"message\":%s}", quoted($2), $3, quoted($4), grade, quoted($5))
}
END {
  c = count["critical"] + 0; m = count["minor"] + 0
  verdict = c > 0 ? "reject" : (m > 10 + lines / 100 ? "changes" : "approve")
  found = c + m == 0 ? "nothing found" : (c ? c " critical" : "") (c && m ? ", " : "") (m ? m " minor" : "")
  read_share = low(lines, lines + unread)
  printf "{\"id\":\"%s\",\"value\":{\"agent\":\"hygiene\",\"verdict\":\"%s\",\"findings\":[%s],", id, verdict, list
  printf "\"summary\":\"%s in %d files, %d lines\",", found, files, lines
  printf "\"counts\":{\"critical\":%d,\"major\":0,\"minor\":%d},\"files\":%d,\"lines\":%d,\"skipped\":[]},", c, m, files, lines
  printf "\"confidence\":%.4f,\"reasoning\":\"the rules are exact; at least %.3f of the code was read (%d of %d lines)\"}\n", read_share, read_share, lines, lines + unread
}'
