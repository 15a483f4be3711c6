// Bundles the browser's sources into the folder named as the first argument: minified, the
// names with a hash of the content, each file with its .gz and .br beside it, and a
// manifest that says which file stands for which name.
import { build } from "esbuild";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const out = path.resolve(process.argv[2]);
const sources = process.argv[3] ?? "";

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/page.js", "src/console.js", "src/style.css", "src/favicon.svg"],
  outdir: out,
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "safari15"],
  define: { global: "globalThis" },
  loader: { ".svg": "copy" },
  legalComments: "none",
  metafile: true,
});

const LICENCES = { "paho-mqtt": "edl-v10", uplot: "LICENSE" };
const notices = Object.entries(LICENCES).map(async ([library, file]) => {
  const folder = path.join(here, "node_modules", library);
  const { version } = JSON.parse(await readFile(path.join(folder, "package.json")));
  return `${library} ${version}\n\n${await readFile(path.join(folder, file))}`;
});
await writeFile(path.join(out, "licences.txt"), (await Promise.all(notices)).join("\n\n"));

const files = { "licences.txt": "licences.txt" };
for (const [file, { entryPoint }] of Object.entries(metafile.outputs))
  files[path.basename(entryPoint)] = path.basename(file);
for (const name of Object.values(files)) {
  const body = await readFile(path.join(out, name));
  await writeFile(path.join(out, `${name}.gz`), gzipSync(body, { level: 9 }));
  const size = { [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
  await writeFile(path.join(out, `${name}.br`), brotliCompressSync(body, { params: size }));
}
// Last, so that an interrupted build is no build.
await writeFile(path.join(out, "manifest.json"), JSON.stringify({ sources, files }, null, 1));
