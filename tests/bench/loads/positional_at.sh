set -- a 'b c' d '' e
n=0 i=0
f() { n=$((n + $#)); }
while [ $i -lt 50000 ]; do f "$@" "x$*"; i=$((i+1)); done
echo $n
