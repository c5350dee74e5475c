i=0 unset_=
while [ $i -lt 80000 ]; do a=${nothing:-$i}; b=${a:+x}; c=${a-y}; i=$((i+1)); done
echo $a $b $c
