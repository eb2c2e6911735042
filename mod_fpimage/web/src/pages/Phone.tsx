/** What a phone shows that was lent to a scan session: a camera, what was sent, and how it ended. No menu, no bill. */
import { Button } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { ApiError, call, setCsrf } from '../api/client'
import type { Limits } from '../api/types'
import { Failure } from '../parts/Failure'
import { Inputs, type Pick, UploadList, useUploads } from '../parts/Files'
import { useTitle } from '../parts/use'
import { say, time } from '../words'
import { Uploads } from '../upload'

interface Session { kind: string; user: { name: string }; capture: { id: number; name: string | null; number: string | null; page_count: number }; csrf_token: string; expires_at?: string }

/** The code is taken out of the address at once; a reload goes on with the session that it made. */
let entering: Promise<Session> | null = null
function enter(): Promise<Session> {
  const code = location.hash.slice(1)
  if (code) history.replaceState(null, '', location.pathname)
  entering ??= code ? call<Session>('/api/v1/phone-sessions', { body: { code }, isSession: true }) : call<Session>('/api/v1/session', { isSession: true })
  return entering
}

const isRefused = (error: unknown) => error instanceof ApiError && [400, 401, 403, 404].includes(error.status)

function End({ error }: { error: unknown }) {
  return (
    <main className="view"><div className="view-end" role="alert">
      <h1>{isRefused(error) ? say('二维码已失效', 'This code is no longer valid') : say('暂时无法打开', 'It can’t be opened now')}</h1>
      <p>{isRefused(error) ? say('二维码只能使用一次，5 分钟内有效；批次归档或断开后也会失效。请在电脑上重新显示二维码。', 'A code works once, within 5 minutes, and ends with its scan session. Show another at the desktop.') : say('请检查网络后重试。', 'Check the network and try again.')}</p>
      {!(error instanceof ApiError && error.type === 'unauthenticated') && <Failure error={error} />}
    </div></main>
  )
}

function Camera({ session }: { session: Session }) {
  const [uploads] = useState(() => new Uploads({ path: `/api/v1/captures/${session.capture.id}/pages`, entry: 'CAPTURE' }))
  const [pictures, setPictures] = useState<{ url: string; name: string }[]>([])
  const [isDone, setDone] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const items = useUploads(uploads)
  const pick = useRef<Pick | null>(null)
  useEffect(() => { call<Limits>('/api/v1/limits').then(got => uploads.setLimits(got), setError) }, [uploads])
  const add = (files: File[]) => {
    uploads.add(files)
    setPictures(now => [...now, ...files.filter(file => file.type.startsWith('image/')).map(file => ({ url: URL.createObjectURL(file), name: file.name }))])
  }
  const sent = items.filter(one => one.state === 'done' && !one.isRepeat).length
  const told = say(`已发送 ${sent} 个文件`, `${sent} files sent`) /* how many pages they have is found out later */
  const gone = items.some(one => one.error instanceof ApiError && [401, 403, 404].includes(one.error.status))
  const finish = async () => {
    try { await call('/api/v1/session', { method: 'DELETE', isSession: true }); setDone(true) } catch (bad) { setError(bad) }
  }
  if (isDone) return <main className="view"><div className="view-end" role="status"><h1>{told}</h1><p>{say('可以关闭本页，请在电脑上继续。', 'You can close this page and go on at the desktop.')}</p></div></main>
  return (
    <main className="view phone">
      <header><h1>{session.capture.number ?? session.capture.name ?? say('手机拍照', 'Pictures')}</h1>
        <p className="quiet">{session.user.name}{session.expires_at && say(` · ${time(session.expires_at).slice(11, 16)} 前有效`, ` · until ${time(session.expires_at).slice(11, 16)}`)}</p></header>
      {gone && <p className="problem" role="alert">{say('连接已结束：批次已归档、已断开或已超时。请在电脑上重新显示二维码。', 'The connection has ended: the session was filed, ended or is too old. Show another code at the desktop.')}</p>}
      <Failure error={error} onClose={() => setError(null)} />
      <Button type="primary" size="large" block disabled={gone} onClick={() => pick.current?.camera()}>{say('拍照', 'Take a picture')}</Button>
      <Button size="large" block disabled={gone} onClick={() => pick.current?.files()}>{say('从相册或文件选择', 'Choose pictures or files')}</Button>
      <p role="status" data-testid="sent">{told}</p>
      <UploadList uploads={uploads} />
      <div className="tray">{pictures.map((one, i) => <span key={one.url} className="thumb"><img src={one.url} alt={`${i + 1} ${one.name}`} /></span>)}</div>
      <Button size="large" block disabled={uploads.isBusy} onClick={finish}>{say('完成', 'Done')}</Button>
      <Inputs onFiles={files => { if (files.length) add(files) }} pick={pick} />
    </main>
  )
}

export default function Phone() {
  const [session, setSession] = useState<Session | null>(null)
  const [error, setError] = useState<unknown>(null)
  useTitle(say('手机拍照', 'Pictures'))
  useEffect(() => {
    enter().then(got => {
      if (got.kind !== 'PHONE') throw new ApiError(401, say('请扫描电脑上的二维码打开本页。', 'Open this page by the QR code at the desktop.'), '', '', '')
      setCsrf(got.csrf_token)
      setSession(got)
    }).catch(setError)
  }, [])
  if (error) return <End error={error} />
  return session ? <Camera session={session} /> : <main className="view"><div className="empty" role="status">{say('正在加载…', 'Loading…')}</div></main>
}
