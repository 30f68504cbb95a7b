#!/bin/sh
# Makes the stylesheets, the script and the fonts in charter/static. Needs node, npm and python3
# with a connection to their registries, at build time only; the output is committed.
set -eu
cd "$(dirname "$0")"
out=../static
[ -n "${QUICK:-}" ] || npm ci --no-audit --no-fund --loglevel=error
[ -x .build/bin/python ] || python3 -m venv .build
.build/bin/pip install --quiet --disable-pip-version-check fonttools==4.68.0 brotli==1.2.1
mkdir -p "$out/vendor/govuk"
sass="npx sass --style=compressed --no-charset --no-source-map --load-path=node_modules"
$sass charter.scss "$out/vendor/govuk/charter.css"
# The one blue that no setting of GOV.UK Frontend reaches (the chosen option of a select).
sed -i.old 's/#1d70b8/var(--fill)/g' "$out/vendor/govuk/charter.css"
rm "$out/vendor/govuk/charter.css.old"
$sass door.scss "$out/door.css"
$sass rooms.scss "$out/rooms.css"
$sass writing.scss "$out/writing.css"
npx esbuild charter.js --bundle --minify --format=esm --target=es2020 --legal-comments=none \
    --log-level=warning --outfile="$out/vendor/govuk/charter.js"
SOURCE_DATE_EPOCH=0 .build/bin/python build-fonts node_modules "$out" .build/fonts
