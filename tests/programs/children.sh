#!/bin/sh
# Children, pipelines, background jobs, wait, traps, a here-document, a subshell, a named pipe. usage: children.sh GATE FOLDER
gate=$1
cd "$2" || exit 1

until_open() {
    while [ ! -e "$gate" ]; do sleep 0.05; done
}

trap 'echo "got USR1" >> trapped' USR1

# A background job with a pipeline of its own: counts until the gate opens, then says whether a number is missing.
{
    i=0
    while [ ! -e "$gate" ]; do
        i=$((i + 1))
        echo $i
        sleep 0.01
    done
} | awk '$1 != NR { print "WRONG: line " NR " is " $1; bad = 1 } END { if (!bad && NR > 10) print "counted without a gap" }' > counted &
counter=$!

(until_open; exit 3) &
three=$!
(until_open; kill -KILL "$(sh -c 'echo $PPID')") &
killed=$!

mkfifo fifo
(until_open; cat > fifo << TEXT
through a named pipe
TEXT
) &

read -r line < fifo
echo "$line"
wait $three
echo "the first child ended with $?"
wait $killed
echo "the second child ended with $?"
wait $counter
cat counted
kill -USR1 $$
cat trapped
(cd / && pwd)
seq 1 2000 | sort -rn | sed -n 1,3p | tr '\n' ' '
echo
umask
exit 7
