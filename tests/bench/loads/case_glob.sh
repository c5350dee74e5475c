i=0 n=0
while [ $i -lt 20000 ]; do
  for w in file.c file.h README.md main.cc a/b/c.o xyz; do
    case $w in *.c) n=$((n+1));; *.h) n=$((n+2));; [A-Z]*.md) n=$((n+3));; */*) n=$((n+4));; *) n=$((n+5));; esac
  done
  i=$((i+1))
done
echo $n
