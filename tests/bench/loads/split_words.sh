text='the quick brown fox jumps over the lazy dog again and again' i=0 n=0
while [ $i -lt 40000 ]; do for w in $text; do n=$((n+1)); done; i=$((i+4)); done
echo $n
