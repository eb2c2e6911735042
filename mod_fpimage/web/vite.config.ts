import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'
import { routes } from './src/routes'

/** What the server needs beside the files: the routes that are the page's, and a packed twin of each text. */
function forServer(): Plugin {
  let out = ''
  return {
    name: 'for-server',
    apply: 'build',
    configResolved: config => { out = config.build.outDir },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'routes.txt', source: routes.join('\n') + '\n' })
    },
    closeBundle() {
      for (const folder of [out, join(out, 'assets')]) {
        for (const name of readdirSync(folder).filter(one => /\.(js|css|svg)$/.test(one))) {
          writeFileSync(join(folder, name + '.gz'), gzipSync(readFileSync(join(folder, name)), { level: 9 }))
        }
      }
    },
  }
}

export default defineConfig({
  base: '/imgsys-web/',
  plugins: [forServer()],
  esbuild: { jsx: 'automatic' },
  build: {
    target: ['chrome90', 'firefox90', 'safari15'],
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
    rollupOptions: {
      // of libraries that are also made for rendering on servers; means nothing here
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
  server: { proxy: { '/api': process.env.FPIMAGE_URL ?? 'http://127.0.0.1:8080' } },
})
