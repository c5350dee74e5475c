set -- 9 3 7 1 8 2 6 4 5 0 19 13 17 11 18 12 16 14 15 10
i=1; for v do eval "a$i=$v"; i=$((i+1)); done
n=$#; k=0
while [ $k -lt 25 ]; do
  i=1
  while [ $i -lt $n ]; do
    j=$((i+1)); eval "x=\$a$i y=\$a$j"
    if [ $x -gt $y ]; then eval "a$i=$y a$j=$x"; fi
    i=$j
  done
  k=$((k+1))
done
echo $a1 $a2 $a20
