/** The two languages of the page, and how it writes dates, sizes and sums. Both texts stand where they are used. */
export type Lang = 'zh' | 'en'

const KEPT = 'fpimage.lang'
let lang: Lang = remembered()

function remembered(): Lang {
  const kept = read(KEPT)
  if (kept === 'zh' || kept === 'en') return kept
  return navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh'
}

export const currentLang = () => lang

export function setLang(next: Lang) {
  lang = next
  keep(KEPT, next)
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en'
}

export const say = (zh: string, en: string) => (lang === 'zh' ? zh : en)

/** The server keeps some sentences in both languages, "中文 (English words)": the reader's half of one; anything else as it is. */
export function half(text: string): string {
  for (let at = text.indexOf(' ('); at >= 0; at = text.indexOf(' (', at + 1)) {
    const [zh, en] = [text.slice(0, at), text.slice(at + 2, -1)]
    if (text.endsWith(')') && isWhole(en) && /[\u4e00-\u9fff]/.test(zh) && /^[A-Za-z]\S* /.test(en)) return say(zh, en)
  }
  return text
}

/** No bracket is closed in it that was opened before. */
function isWhole(text: string): boolean {
  let depth = 0
  for (const one of text) {
    if (one === '(') depth++
    if (one === ')' && --depth < 0) return false
  }
  return depth === 0
}

/** Storage may be forbidden (a frame of another site, say): then nothing is remembered. */
export function read(key: string): string | null {
  try { return localStorage.getItem(key) } catch { return null }
}

export function keep(key: string, value: string | null) {
  try {
    if (value === null) localStorage.removeItem(key)
    else localStorage.setItem(key, value)
  } catch { /* see above */ }
}

export function day(text?: string | null): string {
  return text ? text.slice(0, 10) : ''
}

/** ISO time of the server in the reader's own zone. */
export function time(text?: string | null): string {
  if (!text) return ''
  const at = new Date(text)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

/** To the minute, where many stand below each other. */
export function minute(text?: string | null): string {
  return time(text).slice(0, 16)
}

/** The reader's own, "UTC+08:00". */
export function zone(): string {
  const minutes = -new Date().getTimezoneOffset()
  const two = (n: number) => String(Math.floor(Math.abs(n))).padStart(2, '0')
  return `UTC${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}

export function size(bytes?: number | null): string {
  if (bytes === undefined || bytes === null) return ''
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit++ }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`
}

/** The sum of such texts, each invoice number once; fen are counted, so that nothing is rounded. */
export function sum(of: { number: string | null; gross: string | null }[]): string {
  const once = new Map(of.map((one, i) => [one.number ?? `#${i}`, one.gross]))
  const fen = [...once.values()].reduce((all, text) => all + (text ? BigInt(text.replace('.', '')) : 0n), 0n)
  const digits = String(fen < 0n ? -fen : fen).padStart(3, '0')
  return money(`${fen < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`)
}

/** "12345.60" to "12,345.60"; the digits are the server's. */
export function money(text?: string | null): string {
  if (!text) return ''
  const [whole, cents] = text.split('.')
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',') + (cents ? '.' + cents : '')
}
