// Writes ../explore.html: page.html with the style and all scripts inside, and licences beside. Run `npm ci && npm run build`.

import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { buildSync } from 'esbuild'

const here = name => new URL(name, import.meta.url)
const read = name => readFileSync(here(name), 'utf8')
const hash = text => createHash('sha256').update(text)
const LIBRARIES = ['hyparquet', 'fzstd']

const { outputFiles } = buildSync({
  entryPoints: [here('src/app.js').pathname], bundle: true, minify: true, write: false, format: 'iife', target: 'es2022',
  charset: 'utf8', legalComments: 'none',
})
const script = outputFiles[0].text.trim().replaceAll('</script', '<\\/script')
const style = read('style.css').trim()

// What the page may load: itself, pictures, and files that it fetches; a stranger's text could start nothing.
const policy = [
  "default-src 'none'", `script-src 'sha256-${hash(script).digest('base64')}'`, `style-src 'sha256-${hash(style).digest('base64')}'`,
  "img-src 'self' data:", "media-src 'self'", "connect-src 'self' https:", "base-uri 'none'", "form-action 'none'",
].join('; ')

// By this digest a test knows that the page is that of these sources.
const names = ['page.html', 'style.css', 'package.json', 'package-lock.json', 'build.js', ...readdirSync(here('src')).sort().map(name => `src/${name}`)]
const sources = hash(names.map(name => `${name}\n${read(name)}`).join('\n')).digest('hex')

const versions = Object.fromEntries(LIBRARIES.map(name => [name, JSON.parse(read(`node_modules/${name}/package.json`)).version]))
const page = read('page.html').replace(/\{(policy|sources|style|script|hyparquet|fzstd)\}/g, (_, key) => ({ policy, sources, style, script, ...versions })[key])
writeFileSync(here('../explore.html'), page)
writeFileSync(here('../NOTICE-explorer.txt'), LIBRARIES.map(name => `${name} ${versions[name]}\n\n${read(`node_modules/${name}/LICENSE`).trim()}\n`).join('\n'))
console.log(`explore.html: ${page.length.toLocaleString('en')} bytes`)
