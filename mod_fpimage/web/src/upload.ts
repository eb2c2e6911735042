/** Files on their way to the server, one after the other so that their order is kept. What fails says why and can be
 *  tried again; large ones go in pieces and continue where they stopped, also after the page was loaded again. */
import { ApiError, call, callWhole, query } from './api/client'
import type { Limits, Upload } from './api/types'
import { formatName } from './pages/state'
import { keep, read, say, size } from './words'

export type Sending = 'waiting' | 'sending' | 'done' | 'failed' | 'refused'

export interface Item {
  id: number
  file: File
  name: string
  key: string
  state: Sending
  sent: number
  speed: number
  error: unknown
  note?: string
  /** It was on its way: what became of it is news. */
  isTried?: boolean
  /** It was there already: nothing was added. */
  isRepeat?: boolean
  /** Further members of the address that it goes to: after, kind, ...; one object for all files of one choice. */
  extra: Record<string, string | number>
}

/** The address that takes one file: raw, or the JSON that names a whole upload. */
export interface Target { path: string; entry: 'UPLOAD' | 'CAPTURE'; onDone?: (answer: Record<string, unknown>, item: Item) => void | Promise<void> }

const TRIES = 6
const SMALL = 4 * 1024 * 1024

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** The same file again gives the same key, so that it is no second page. */
function keyOf(file: File, name: string): string {
  let hash = 0xcbf29ce484222325n
  for (const unit of new TextEncoder().encode(`${name}|${file.size}|${file.lastModified}`)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(unit)) * 0x100000001b3n)
  }
  return 'f' + hash.toString(16) + '-' + file.size.toString(36)
}

const KIND_OF_END: Record<string, string> = {
  pdf: 'PDF', ofd: 'OFD', jpg: 'JPEG', jpeg: 'JPEG', png: 'PNG', tif: 'TIFF', tiff: 'TIFF', bmp: 'BMP', webp: 'WEBP', heic: 'HEIC', heif: 'HEIC',
  xml: 'XML', doc: 'OLE', docx: 'WORD', xls: 'OLE', xlsx: 'EXCEL', ppt: 'OLE', pptx: 'POWERPOINT', txt: 'TEXT', zip: 'ZIP',
}

/** What the server would refuse anyway, told before a byte is sent. */
export function refusalOf(file: File, limits: Limits | null, entry: string): string | null {
  if (file.size === 0) return say('文件为空', 'the file is empty')
  if (!limits) return null
  const most = limits.max_file
  if (file.size > most) return say(`文件 ${size(file.size)}，超过单个文件上限 ${size(most)}`, `the file has ${size(file.size)}, more than the limit of ${size(most)}`)
  const kind = KIND_OF_END[file.name.split('.').pop()?.toLowerCase() ?? '']
  const taken = limits.formats[entry] ?? []
  if (kind && !taken.includes(kind)) return say(`不接收 ${formatName(kind)} 格式，可上传：${taken.map(formatName).join('、')}`, `${formatName(kind)} is not taken here; taken are ${taken.map(formatName).join(', ')}`)
  return null
}

/** All that are on their way or failed, whatever page is shown: the browser asks before they are lost. */
export interface Traffic { left: number; failed: number; home: string }

const living = new Set<Uploads>()
const watchers = new Set<() => void>()
let traffic: Traffic = { left: 0, failed: 0, home: '' }

const askFirst = (event: BeforeUnloadEvent) => { event.preventDefault(); event.returnValue = '' }

function look(uploads: Uploads) {
  if (uploads.left || uploads.failed) living.add(uploads)
  else if (!living.delete(uploads)) return
  const all = [...living]
  const sum = (of: (one: Uploads) => number) => all.reduce((so, one) => so + of(one), 0)
  const now = { left: sum(one => one.left), failed: sum(one => one.failed), home: all.find(one => one.failed && one.home)?.home ?? all.find(one => one.home)?.home ?? '' }
  if (now.left === traffic.left && now.failed === traffic.failed && now.home === traffic.home) return
  traffic = now
  if (now.left) window.addEventListener('beforeunload', askFirst)
  else window.removeEventListener('beforeunload', askFirst)
  watchers.forEach(one => one())
}

export const watchTraffic = (hear: () => void) => { watchers.add(hear); return () => { watchers.delete(hear) } }
export const trafficNow = () => traffic

/** It went out and did not arrive. */
export const isLost = (item: Item) => !!item.isTried && (item.state === 'failed' || item.state === 'refused')

export class Uploads {
  items: readonly Item[] = []
  private heard = new Set<() => void>()
  private isRunning = false
  private last = 0
  private stops = new Map<number, AbortController>()

  /** `home`: the page of them. */
  constructor(private target: Target, readonly home = '', private limits: Limits | null = null) {}

  setTarget(target: Target) { this.target = target; void this.run() }
  setLimits(limits: Limits) { this.limits = limits }
  subscribe = (hear: () => void) => { this.heard.add(hear); return () => { this.heard.delete(hear) } }
  snapshot = () => this.items
  get left() { return this.items.filter(one => one.state === 'waiting' || one.state === 'sending').length }
  get isBusy() { return this.left > 0 }
  get failed() { return this.items.filter(isLost).length }

  add(files: File[], extra: Record<string, string | number> = {}) {
    const fresh = files.map(file => {
      const name = file.webkitRelativePath || file.name
      const refusal = refusalOf(file, this.limits, this.target.entry)
      return { id: ++this.last, file, name: name.split('/').pop() ?? name, key: keyOf(file, name), state: refusal ? 'refused' : 'waiting', sent: 0, speed: 0,
               error: refusal ? new ApiError(413, refusal, '', '', '') : null, extra } as Item
    })
    this.items = [...this.items, ...fresh]
    this.tell()
    void this.run()
  }

  retry(id?: number) {
    this.items = this.items.map(one => (one.state === 'failed' && (id === undefined || one.id === id) ? { ...one, state: 'waiting', error: null } : one))
    this.tell()
    void this.run()
  }

  drop(id: number) {
    this.stops.get(id)?.abort()
    this.items = this.items.filter(one => one.id !== id)
    this.tell()
  }

  clearDone() {
    this.items = this.items.filter(one => one.state !== 'done')
    this.tell()
  }

  private tell() {
    this.heard.forEach(one => one())
    look(this)
  }

  private change(id: number, change: Partial<Item>) {
    this.items = this.items.map(one => (one.id === id ? { ...one, ...change } : one))
    this.tell()
  }

  private async run() {
    if (this.isRunning || !this.target.path) return
    this.isRunning = true
    try {
      for (let next = this.next(); next; next = this.next()) await this.sendOne(next)
    } finally {
      this.isRunning = false
    }
  }

  private next() { return this.items.find(one => one.state === 'waiting') }

  /** Networks come and go, servers restart: several tries, each a little later. */
  private async sendOne(item: Item) {
    const stop = new AbortController()
    this.stops.set(item.id, stop)
    for (let round = 1; ; round++) {
      this.change(item.id, { state: 'sending', isTried: true, error: null, note: round > 1 ? say(`第 ${round} 次尝试`, `try ${round}`) : undefined })
      try {
        const answer = await this.send(item, stop.signal)
        const isKnown = isRepeat(answer)
        this.change(item.id, { state: 'done', sent: item.file.size, speed: 0, isRepeat: isKnown, note: isKnown ? say('此文件已在其中', 'it was here already') : undefined })
        await this.target.onDone?.(answer, item)
        break
      } catch (bad) {
        if (stop.signal.aborted) break
        if (!mayHelp(bad) || round >= TRIES) { this.change(item.id, { state: isFinal(bad) ? 'refused' : 'failed', error: bad, speed: 0 }); break }
        this.change(item.id, { note: say('连接中断，稍后自动继续', 'interrupted, goes on by itself'), speed: 0 })
        await wait(Math.min(15_000, 500 * 2 ** round))
      }
    }
    this.stops.delete(item.id)
  }

  private watch(item: Item, before: number) {
    const begin = performance.now()
    return (sent: number) => {
      const seconds = Math.max(0.05, (performance.now() - begin) / 1000)
      this.change(item.id, { sent: Math.min(item.file.size, before + sent), speed: sent / seconds })
    }
  }

  private send(item: Item, signal: AbortSignal): Promise<Record<string, unknown>> {
    const chunk = this.limits?.upload_chunk ?? SMALL
    return item.file.size > Math.min(SMALL, chunk) ? this.sendPieces(item, chunk, signal) : this.sendWhole(item, signal)
  }

  private sendWhole(item: Item, signal: AbortSignal) {
    return call(this.target.path + query({ name: item.name, ...item.extra }), {
      method: 'POST', body: item.file, signal, headers: { 'Idempotency-Key': item.key }, onProgress: this.watch(item, 0),
    })
  }

  private async sendPieces(item: Item, most: number, signal: AbortSignal) {
    const kept = 'fpimage.upload.' + item.key
    const upload = await findUpload(read(kept)) ?? await call<Upload>('/api/v1/uploads', { body: { name: item.name, size: item.file.size }, signal })
    keep(kept, upload.upload_id)
    const piece = Math.min(upload.chunk || most, SMALL)
    for (let at = upload.offset; at < item.file.size;) {
      const end = Math.min(item.file.size, at + piece)
      const got = await callWhole<Partial<Upload>>(`/api/v1/uploads/${upload.upload_id}`, {
        method: 'PATCH', body: item.file.slice(at, end), headers: { 'Upload-Offset': String(at) }, signal, onProgress: this.watch(item, at),
      })
      at = got.data.offset ?? end
      this.change(item.id, { sent: at })
    }
    const answer = await call(this.target.path, { body: { upload_id: upload.upload_id, name: item.name, ...item.extra }, signal, headers: { 'Idempotency-Key': item.key } })
    keep(kept, null)
    return answer
  }
}

async function findUpload(id: string | null): Promise<Upload | null> {
  if (!id) return null
  try {
    return await call<Upload>(`/api/v1/uploads/${id}`)
  } catch (bad) {
    if (bad instanceof ApiError && bad.status === 404) return null
    throw bad
  }
}

function mayHelp(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 408 || error.status === 429 || error.status === 502 || error.status === 503 || error.status === 504
    || (error.status === 409 && 'offset' in error.body))
}

/** The same bytes again are refused again. */
const isFinal = (error: unknown) => error instanceof ApiError && [413, 415, 422].includes(error.status)

function isRepeat(answer: Record<string, unknown>): boolean {
  const pages = answer.pages as { result?: string }[] | undefined
  return !!pages?.length && pages.every(one => one.result === 'REPEATED')
}

/** Files and folders of a drop, in the order of their names within a folder. */
export async function filesOfDrop(data: DataTransfer): Promise<File[]> {
  const entries = [...data.items].map(one => one.webkitGetAsEntry?.()).filter((one): one is FileSystemEntry => !!one)
  if (!entries.length) return [...data.files]
  return (await Promise.all(entries.map(filesOfEntry))).flat()
}

async function filesOfEntry(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))]
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: FileSystemEntry[] = []
  for (;;) { /* a reader gives a hundred at a time */
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (!some.length) break
    found.push(...some)
  }
  found.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))
  return (await Promise.all(found.map(filesOfEntry))).flat()
}
