n=3000 i=2
while [ $i -le $n ]; do eval "s$i=1"; i=$((i+1)); done
i=2
while [ $((i*i)) -le $n ]; do
  eval "f=\$s$i"
  if [ "$f" = 1 ]; then j=$((i*i)); while [ $j -le $n ]; do eval "s$j=0"; j=$((j+i)); done; fi
  i=$((i+1))
done
c=0 i=2
while [ $i -le $n ]; do eval "c=\$((c + s$i))"; i=$((i+1)); done
echo $c
