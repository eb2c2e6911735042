/** Where files come in: dropped, pasted, chosen, a whole folder, or the camera of a phone; and how far each has come. */
import { Button, Progress } from 'antd'
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { ApiError, remedyOf, textOf } from '../api/client'
import type { Limits } from '../api/types'
import { filesOfDrop, type Item, type Uploads } from '../upload'
import { formatName } from '../pages/state'
import { say, size } from '../words'

export function useUploads(uploads: Uploads): readonly Item[] {
  return useSyncExternalStore(uploads.subscribe, uploads.snapshot)
}

/** What is to become of the files of one opening alone; one that is given up leaves nothing behind. */
export interface Wanted { take: (files: File[]) => void; isSingle?: boolean }

export interface Pick { files: (wanted?: Wanted) => void; folder: () => void; camera: () => void }

/** Hidden inputs; `pick` opens them from buttons and keys. */
export function Inputs({ onFiles, pick, isSingle }: { onFiles: (files: File[]) => void; pick: { current: Pick | null }; isSingle?: boolean }) {
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const camera = useRef<HTMLInputElement>(null)
  const wanted = useRef<Wanted | undefined>(undefined)
  const open = (next?: Wanted) => {
    const input = files.current
    if (!input) return
    wanted.current = next
    input.multiple = !isSingle && !next?.isSingle
    input.click()
  }
  pick.current = { files: open, folder: () => folder.current?.click(), camera: () => camera.current?.click() }
  useEffect(() => folder.current?.setAttribute('webkitdirectory', ''), [])
  const take = (input: HTMLInputElement, to = onFiles) => { to([...(input.files ?? [])]); input.value = '' }
  const hidden = { className: 'unseen', tabIndex: -1, 'aria-hidden': true } as const
  return (
    <>
      <input ref={files} type="file" multiple={!isSingle} {...hidden} data-testid="files" onChange={event => take(event.currentTarget, wanted.current?.take)} />
      <input ref={folder} type="file" multiple {...hidden} data-testid="folder" onChange={event => take(event.currentTarget)} />
      <input ref={camera} type="file" accept="image/*" capture="environment" {...hidden} data-testid="camera" onChange={event => take(event.currentTarget)} />
    </>
  )
}

/** Takes what is dropped on it and what is pasted while it is shown. */
export function Drop({ onFiles, children }: { onFiles: (files: File[]) => void; children: ReactNode }) {
  const [isOver, setOver] = useState(false)
  const latest = useRef(onFiles)
  latest.current = onFiles
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])]
      if (files.length) { event.preventDefault(); latest.current(files) }
    }
    document.addEventListener('paste', paste)
    return () => document.removeEventListener('paste', paste)
  }, [])
  const hasFiles = (event: React.DragEvent) => event.dataTransfer.types.includes('Files')
  return (
    <div
      className={isOver ? 'drop over' : 'drop'}
      onDragOver={event => { if (hasFiles(event)) { event.preventDefault(); setOver(true) } }}
      onDragLeave={event => { if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false) }}
      onDrop={async event => {
        if (!hasFiles(event)) return
        event.preventDefault()
        setOver(false)
        latest.current(await filesOfDrop(event.dataTransfer))
      }}
    >
      {children}
    </div>
  )
}

export function LimitsLine({ limits, entry }: { limits: Limits | null; entry: string }) {
  if (!limits) return null
  return (
    <p className="hint">
      {say(`单个文件最大 ${size(limits.max_file)}；可上传 ${limits.formats[entry]?.map(formatName).join('、')}`, `up to ${size(limits.max_file)} each; ${limits.formats[entry]?.map(formatName).join(', ')}`)}
    </p>
  )
}

const stateName = (item: Item): string => ({
  waiting: say('等待', 'waiting'), sending: say('上传中', 'sending'), done: say('完成', 'done'), failed: say('失败', 'failed'), refused: say('未上传', 'not sent'),
}[item.state])

function Row({ item, uploads }: { item: Item; uploads: Uploads }) {
  const percent = item.file.size ? Math.floor(100 * item.sent / item.file.size) : 100
  const trace = item.error instanceof ApiError ? item.error.trace : ''
  return (
    <li className={'upload ' + item.state}>
      <div className="upload-line">
        <span className="upload-name">{item.name}</span>
        <span className="quiet">{size(item.file.size)}</span>
        <span>{stateName(item)}{item.state === 'sending' && item.speed > 0 ? ` ${percent}% · ${size(item.speed)}/s` : ''}</span>
        {item.state === 'failed' && <Button size="small" onClick={() => uploads.retry(item.id)}>{say('重试', 'Try again')}</Button>}
        {item.state !== 'done' && <Button size="small" type="text" onClick={() => uploads.drop(item.id)} aria-label={say(`取消 ${item.name}`, `Give up ${item.name}`)}>✕</Button>}
      </div>
      {item.state === 'sending' && <Progress percent={percent} size="small" showInfo={false} aria-label={say(`${item.name} 上传进度`, `Progress of ${item.name}`)} />}
      {item.note && <div className="quiet">{item.note}</div>}
      {!!item.error && <div className="upload-why" role="alert">{textOf(item.error)} {item.state === 'failed' && remedyOf(item.error)}{trace && <> · {say('编号', 'id')} <code>{trace}</code></>}</div>}
    </li>
  )
}

export function UploadList({ uploads }: { uploads: Uploads }) {
  const items = useUploads(uploads)
  const open = items.filter(one => one.state !== 'done')
  const done = items.length - open.length
  const failed = items.filter(one => one.state === 'failed').length
  if (!items.length) return null
  return (
    <section className="uploads" aria-label={say('上传', 'Uploads')}>
      <div className="upload-line">
        <span role="status">{say(`已上传 ${done} / ${items.length}`, `${done} of ${items.length} sent`)}{failed ? say(`，${failed} 个失败`, `, ${failed} failed`) : ''}</span>
        {failed > 1 && <Button size="small" onClick={() => uploads.retry()}>{say('全部重试', 'Try all again')}</Button>}
        {done > 0 && open.length === 0 && <Button size="small" type="text" onClick={() => uploads.clearDone()}>{say('清除', 'Clear')}</Button>}
      </div>
      <ul>{[...open, ...items.filter(one => one.note && one.state === 'done')].map(one => <Row key={one.id} item={one} uploads={uploads} />)}</ul>
    </section>
  )
}
