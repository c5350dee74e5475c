i=0
while [ $i -lt 300 ]; do cat <<END
line one $i
line two
END
i=$((i+1)); done | cksum
