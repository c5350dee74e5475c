i=0 n=0
while [ $i -lt 30000 ]; do set -- a b c d e f g h; while [ $# -gt 0 ]; do n=$((n+1)); shift; done; i=$((i+4)); done
echo $n
