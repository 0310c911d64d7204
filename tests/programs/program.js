// Allocates, uses a worker, timers, a child and hot code that is compiled; the monotonic clock does not jump. usage: node program.js GATE
const { Worker, isMainThread, workerData, parentPort } = require('worker_threads');
const { spawn } = require('child_process');
const { createHash } = require('crypto');
const fs = require('fs');

if (!isMainThread) {
    const view = new Int32Array(workerData);
    let sum = 0;
    while (Atomics.load(view, 0) === 0) {
        for (let i = 0; i < 10000; i++) sum = (sum * 31 + i) | 0;
        Atomics.add(view, 1, 1);
        Atomics.wait(view, 2, 0, 2);
    }
    parentPort.postMessage('the worker ended');
} else {
    const gate = process.argv[2];
    const shared = new SharedArrayBuffer(12);
    const view = new Int32Array(shared);
    const problems = [];
    const worker = new Worker(__filename, { workerData: shared });
    const said = new Promise(resolve => worker.on('message', resolve));
    const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
    let echoed = '';
    child.stdout.on('data', data => { echoed += data; });
    child.stdin.write('kept by a child\n');
    const kept = new Map();
    let last = process.hrtime.bigint(), ticks = 0;
    const timer = setInterval(async () => {
        const now = process.hrtime.bigint();
        if (now < last || now - last > 120_000_000_000n) problems.push(`the monotonic clock went from ${last} to ${now}`);
        last = now;
        ticks++;
        const data = Buffer.alloc(8192, String(ticks));
        kept.set(ticks % 300, [data, createHash('sha256').update(data).digest('hex')]);
        if (!fs.existsSync(gate)) return;
        clearInterval(timer);
        for (const [data, digest] of kept.values())
            if (createHash('sha256').update(data).digest('hex') !== digest) problems.push('allocated bytes changed');
        if (ticks < 10) problems.push(`only ${ticks} ticks`);
        if (Atomics.load(view, 1) < 10) problems.push(`the worker made only ${Atomics.load(view, 1)} rounds`);
        Atomics.store(view, 0, 1);
        console.log(await said);
        child.stdin.end('until the end\n');
        child.on('close', () => {
            process.stdout.write(echoed);
            for (const problem of problems) console.log('WRONG', problem);
            console.log('node is as it was');
            process.exitCode = problems.length ? 1 : 0;
        });
    }, 10);
}
