s= i=0
while [ $i -lt 400 ]; do s=${s}abcdefghij; i=$((i+1)); done
n=0
while [ -n "$s" ]; do r=${s#?}; c=${s%"$r"}; [ "$c" = e ] && n=$((n+1)); s=$r; done
echo $n
