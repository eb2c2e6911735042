/** The one place that talks to the server. A call that finds its session at an end waits until somebody has signed in
 *  again and is then repeated: whoever made it notices nothing, and nothing that was typed or chosen is lost. So does one that
 *  finds another session behind the cookie: each call says by its token whose page it is of. */
import { currentLang, say } from '../words'

export class ApiError extends Error {
  constructor(readonly status: number, message: string, readonly type: string, readonly code: string,
              readonly trace: string, readonly body: Record<string, unknown> = {}) {
    super(message)
  }
}

export interface Sent {
  method?: string
  /** An object becomes JSON; a Blob goes as it is. */
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  /** Bytes that have left so far. */
  onProgress?: (sent: number, total: number) => void
  /** The session's own calls: a 401 is their answer. */
  isSession?: boolean
}

export interface Got<T> { data: T; etag: string | null }

let csrf = ''
let waiting: Promise<void> | null = null
let askForLogin: (() => Promise<void>) | null = null
let renewing: Promise<void> | null = null
let renew: (() => Promise<void>) | null = null

export const setCsrf = (token: string) => { csrf = token }

/** `look` finds out whose session it is by now; it resolves once this page may go on with it. */
export function onOtherSession(look: () => Promise<void>) { renew = look }

/** `ask` shows the login over the page and resolves once somebody is signed in. */
export function onLoginNeeded(ask: (() => Promise<void>) | null) { askForLogin = ask }

function needLogin(): Promise<void> | null {
  if (!waiting && askForLogin) waiting = askForLogin().finally(() => { waiting = null })
  return waiting
}

/** The cookie is one for all tabs: another of them has signed in, or was opened by a link of the ERP. */
export const isOtherSession = (error: unknown) => error instanceof ApiError && error.type === 'another_session'

function needSession(): Promise<void> | null {
  if (!renewing && renew) renewing = renew().finally(() => { renewing = null })
  return renewing
}

/** Somebody else changed it meanwhile; whoever shows it is told, so that it is fresh for the next try. */
const isStale = (error: unknown) => error instanceof ApiError && error.type === 'stale'
const staleHeard = new Set<() => void>()

export function onStale(hear: () => void): () => void {
  staleHeard.add(hear)
  return () => { staleHeard.delete(hear) }
}

const isChange = (method: string) => method !== 'GET' && method !== 'HEAD'

function headersOf(sent: Sent, method: string): Record<string, string> {
  const isJson = sent.body !== undefined && !(sent.body instanceof Blob)
  return {
    Accept: 'application/json',
    'Accept-Language': currentLang(),
    ...(isJson ? { 'Content-Type': 'application/json' } : {}),
    ...(sent.body instanceof Blob ? { 'Content-Type': 'application/octet-stream' } : {}),
    ...(csrf && (isChange(method) || !sent.isSession) ? { 'X-CSRF-Token': csrf } : {}),
    ...sent.headers,
  }
}

interface Raw { status: number; text: string; header: (name: string) => string | null }

/** XMLHttpRequest where progress is wanted: fetch does not tell it of what is sent. */
function sendWatched(path: string, method: string, sent: Sent): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(method, path)
    for (const [name, value] of Object.entries(headersOf(sent, method))) request.setRequestHeader(name, value)
    request.upload.onprogress = event => sent.onProgress?.(event.loaded, event.total)
    request.onload = () => resolve({ status: request.status, text: request.responseText, header: name => request.getResponseHeader(name) })
    request.onerror = () => reject(new TypeError('network'))
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'))
    sent.signal?.addEventListener('abort', () => request.abort())
    request.send(sent.body instanceof Blob ? sent.body : sent.body === undefined ? null : JSON.stringify(sent.body))
  })
}

async function sendOnce(path: string, method: string, sent: Sent): Promise<Raw> {
  if (sent.onProgress) return sendWatched(path, method, sent)
  const answer = await fetch(path, {
    method,
    headers: headersOf(sent, method),
    body: sent.body instanceof Blob ? sent.body : sent.body === undefined ? undefined : JSON.stringify(sent.body),
    signal: sent.signal,
    credentials: 'same-origin',
    cache: 'no-store',
  })
  return { status: answer.status, text: await answer.text(), header: name => answer.headers.get(name) }
}

function parse(raw: Raw): Record<string, unknown> {
  try {
    const doc: unknown = raw.text ? JSON.parse(raw.text) : {}
    return doc && typeof doc === 'object' ? doc as Record<string, unknown> : {}
  } catch {
    return {}
  }
}

function failureOf(raw: Raw): ApiError {
  const doc = parse(raw)
  const said = (doc.error ?? {}) as Record<string, unknown>
  const trace = String(said.request_id ?? raw.header('X-Trace-Id') ?? '')
  return new ApiError(raw.status, String(said.message ?? doc.description ?? say(`服务器返回 ${raw.status}`, `the server answered ${raw.status}`)),
                      String(said.type ?? ''), String(said.code ?? ''), trace, said)
}

export async function callWhole<T>(path: string, sent: Sent = {}): Promise<Got<T>> {
  const method = sent.method ?? (sent.body === undefined ? 'GET' : 'POST')
  for (;;) {
    let raw: Raw
    try {
      raw = await sendOnce(path, method, sent)
    } catch (bad) {
      if (bad instanceof DOMException && bad.name === 'AbortError') throw bad
      throw new ApiError(0, say('无法连接服务器', 'the server can’t be reached'), 'network', '', '')
    }
    if (raw.status < 400) return { data: parse(raw) as T, etag: raw.header('ETag') }
    const failure = failureOf(raw)
    const remedy = isOtherSession(failure) ? needSession() : raw.status === 401 && !sent.isSession ? needLogin() : null
    if (isStale(failure)) staleHeard.forEach(hear => hear())
    if (!remedy) throw failure
    await remedy
  }
}

export async function call<T = Record<string, unknown>>(path: string, sent: Sent = {}): Promise<T> {
  return (await callWhole<T>(path, sent)).data
}

/** "?a=1&b=2" of what has a value. */
export function query(of: Record<string, string | number | boolean | undefined | null>): string {
  const pairs = new URLSearchParams()
  for (const [name, value] of Object.entries(of)) {
    if (value !== undefined && value !== null && value !== '') pairs.set(name, String(value))
  }
  const text = pairs.toString()
  return text ? '?' + text : ''
}

/** What a person can do about a failure, where its own words leave that open. */
export function remedyOf(error: unknown): string {
  if (!(error instanceof ApiError)) return say('请刷新页面重试；若仍出现，请联系管理员。', 'Load the page again; if it stays, tell the administrator.')
  const { status, type } = error
  if (status === 0) return say('请检查网络，然后点“重试”。已选择的文件和填写的内容都还在。', 'Check the network, then try again. What you chose and typed is still here.')
  if (isStale(error)) return say('已载入最新内容，您填写的还在。请看过别人的改动，再决定是否重做。', 'The page shows it as it is now, and what you typed is still here. Look at what was changed, then decide whether to repeat it.')
  if (type === 'csrf') return say('请刷新页面重试；若仍出现，请联系管理员。', 'Load the page again; if it stays, tell the administrator.')
  if (type === 'forbidden') return say('您没有此权限，请联系管理员开通。', 'You lack this permission; ask the administrator.')
  if (status === 404 && error.body.field !== 'filter') return say('它可能已被删除，或不在您的查看范围内。', 'It may be gone, or out of your sight.')
  if (status === 413) return say('请压缩或拆分文件后再上传。', 'Make the file smaller or split it.')
  if ((status === 429 && type !== 'locked') || status === 503) return say('请稍等片刻再试。', 'Wait a moment and try again.')
  if (status >= 500) return say('请稍后重试；若仍出现，请把编号告诉管理员。', 'Try again later; if it stays, give the administrator the id.')
  return status === 400 ? say('请按提示修改后重试。', 'Correct what the message names and try again.') : ''
}

/** As the page calls them. */
const FIELDS: Record<string, [string, string]> = { mobile: ['手机号', 'the mobile'], mail: ['邮箱', 'the mail'], login: ['账号', 'the account'] }

/** The server's words also serve programs: names of fields and numbers of states and versions are for those. */
function plainly(text: string, field: unknown): string {
  const name = FIELDS[String(field)]
  const said = name && text.startsWith(String(field)) ? say(...name) + text.slice(String(field).length) : text
  return said.replace(/^影像编号number/, '影像编号').replace(/^the image number number/, 'the image number')
    .replace(/(当前状态为[^(, ]+)\(\d+\)/, '$1').replace(/(已被修改): 当前版本 \d+, 您看到的是 \d+/, '$1')
}

export function textOf(error: unknown): string {
  if (error instanceof ApiError) return plainly(error.message, error.body.field)
  return error instanceof Error ? error.message : String(error)
}
