// Runs a wasip1 build of stampede under Node:
//
//   node --no-warnings scripts/wasip1.mjs stampede.wasm run coordinator/register --seed 1
//
// The program sees the current directory as its root, and nothing else.
import { readFile } from "node:fs/promises";
import { argv, cwd, exit } from "node:process";
import { WASI } from "node:wasi";

const [program, ...args] = argv.slice(2);
const wasi = new WASI({ version: "preview1", args: ["stampede", ...args], preopens: { "/": cwd() }, returnOnExit: true });
const module = await WebAssembly.compile(await readFile(program));
exit(wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject())));
