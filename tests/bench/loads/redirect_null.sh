i=0
while [ $i -lt 40000 ]; do : > /dev/null; { :; } 2>/dev/null; echo x >&2; i=$((i+1)); done 2>/dev/null
echo $i
