i=0 x=0
while [ $i -lt 2000 ]; do ( x=$i; : $((x+1)) ); i=$((i+1)); done
echo $x
