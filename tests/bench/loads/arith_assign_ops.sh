i=0 s=0
while [ $((i += 1)) -le 100000 ]; do : $((s += i ^ (i << 1))); done
echo $s
