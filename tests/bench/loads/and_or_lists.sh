i=0 n=0
while [ $i -lt 150000 ]; do true && : || false; false || n=$((n+1)); ! true || :; i=$((i+1)); done
echo $n
