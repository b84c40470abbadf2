#!/bin/sh
# Makes the bundles that the tests throw errors in anew, by real bundlers and minifiers. Needs npm; the tests do not.
set -eu
cd "$(dirname "$0")"
bundles='esbuild-first esbuild-second esbuild-injected esbuild-terser rollup-terser webpack-terser'
rm -rf $bundles
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r src "$work/src"
cd "$work"
npm init --yes >/dev/null
npm install --silent esbuild@0.28.2 rollup@4 terser@5.51.2 @rollup/plugin-terser@1 rollup-plugin-esbuild@6 \
    webpack@5 webpack-cli@6 esbuild-loader@4 @sentry/cli@3

bundle() {
    npx esbuild src/shop.ts --bundle --minify --sourcemap=linked --entry-names='[name]-[hash]' --outdir="$1"
}

bundle esbuild-first
# The next release: the same bug, further down and under other names.
mv src/cart.ts cart.ts
{
    echo 'const rates = [1, 2, 3].map((rate: number) => rate * window.innerWidth);'
    echo 'function rebate(position: number): number { return rates[position] ?? rates.indexOf(position); }'
    cat cart.ts
    echo 'document.addEventListener("rebate", () => { document.title = String(rebate(1) + rebate(2)); });'
} > src/cart.ts
bundle esbuild-second
cp cart.ts src/cart.ts

npx esbuild src/shop.ts --bundle --minify --sourcemap=linked --outdir=esbuild-injected
npx sentry-cli sourcemaps inject esbuild-injected

npx esbuild src/shop.ts --bundle --sourcemap=inline --outfile=plain.js
mkdir esbuild-terser
npx terser plain.js --compress inline=0,reduce_funcs=false --mangle --toplevel \
    --source-map 'content=inline,includeSources,url=shop.js.map' --output esbuild-terser/shop.js

cat > rollup.config.mjs <<'CONFIG'
import terser from "@rollup/plugin-terser";
import esbuild from "rollup-plugin-esbuild";

export default {
  input: "src/shop.ts",
  plugins: [esbuild()],
  output: { file: "rollup-terser/shop.js", format: "iife", sourcemap: true, sourcemapDebugIds: true, plugins: [terser()] },
};
CONFIG
npx rollup --silent --config rollup.config.mjs

cat > webpack.config.js <<'CONFIG'
module.exports = {
  mode: "production",
  devtool: "source-map",
  entry: "./src/shop.ts",
  output: { filename: "shop.js", path: `${__dirname}/webpack-terser` },
  resolve: { extensions: [".ts"] },
  module: { rules: [{ test: /\.ts$/, loader: "esbuild-loader" }] },
};
CONFIG
npx webpack

cd - >/dev/null
for bundle in $bundles; do
    cp -r "$work/$bundle" "$bundle"
done
