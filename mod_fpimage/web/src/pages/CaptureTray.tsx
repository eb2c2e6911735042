/** A scan session: its pages as they lie in the feeder, cut into bills where covers are. */
import { App, Button, Input, Modal, Select } from 'antd'
import { type DragEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { ApiError, call, query } from '../api/client'
import type { CapturePage, CaptureWhole, Limits, Role, Segment } from '../api/types'
import { Ask, type Question } from '../parts/Ask'
import { BillType, ResourceOf } from '../parts/BillType'
import { Failure } from '../parts/Failure'
import { Drop, Inputs, LimitsLine, type Pick, UploadList, useUploads } from '../parts/Files'
import { useWords } from '../parts/FileWords'
import { useKeys } from '../parts/Keys'
import { Page } from '../parts/Page'
import { PhoneHand, usePhone } from '../parts/PhoneHand'
import { Scan } from '../parts/Scan'
import { useLoad } from '../parts/use'
import { Viewer, type ViewerApi } from '../parts/Viewer'
import { go, Link, setParams } from '../router'
import { useWho } from '../session'
import { say } from '../words'
import { Finish } from './CaptureFinish'
import { uploadsOf } from './handover'
import { kindName } from './state'
import { Mark } from '../parts/Mark'

const ROLES: Role[] = ['AUTO', 'COVER', 'INVOICE', 'ATTACHMENT', 'BLANK']
const LOOK_SECONDS = 20

const segmentTone: Record<Segment['state'], string> = { WAITING: 'processing', READY: 'green', NO_NUMBER: 'orange', PROBLEM: 'red', SUPPLEMENT: 'gold', FILED: 'blue' }
export const segmentName = (state: Segment['state']): string => ({
  WAITING: say('识别中', 'being read'), READY: say('可归档', 'ready'), NO_NUMBER: say('无编号', 'no number'), PROBLEM: say('有问题', 'problem'),
  SUPPLEMENT: say('补扫，需确认', 'supplement: confirm'), FILED: say('已归档', 'filed'),
}[state])

/** While nobody chose one for the bill of these pages: who says so else. */
function unsaidType(segment: Segment | undefined): string {
  const name = segment?.bill_type_name ?? segment?.bill_type
  if (segment?.bill_type_from === 'CAPTURE') return say(`随批次：${name}`, `as the session: ${name}`)
  if (segment?.bill_type_from === 'RULE') return say(`按编码规则：${name}`, `by the rule: ${name}`)
  return say('类型：自动', 'type: as the session')
}

const isPicture = (page: CapturePage) => page.look !== 'UNREADABLE'

interface Change { of?: CapturePage; run: () => Promise<unknown> }

const isGone = (error: unknown) => error instanceof ApiError && error.status === 404

/** What failed of an act on several pages, with the reason of the first. */
function failureOf(failed: { of?: CapturePage; error: unknown }[], count: number): unknown {
  const first = failed[0].error
  if (count < 2 || !(first instanceof ApiError)) return first
  const places = failed.map(one => one.of?.place).filter(Boolean)
  return new ApiError(first.status, say(`${count} 页中 ${failed.length} 页未改（第 ${places.join('、')} 页）：`, `${failed.length} of ${count} pages unchanged (page ${places.join(', ')}): `) + first.message,
                      first.type, first.code, first.trace, first.body)
}

/** The session as the server sees it; asks again for as long as something is being read. */
function useSession(id: number, isSending: boolean) {
  const [session, setSession] = useState<CaptureWhole | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [round, setRound] = useState(0)
  const newest = useRef(0)
  const take = useCallback((got: CaptureWhole) => {
    if (got.version < newest.current) return /* an older answer that was overtaken */
    newest.current = got.version
    setSession(got)
    setError(null)
  }, [])
  const again = useCallback(() => setRound(n => n + 1), [])

  useEffect(() => {
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (wait: number) => {
      try {
        const got = await call<CaptureWhole>(`/api/v1/captures/${id}${query({ wait: wait || undefined })}`, { signal: stop.signal })
        take(got)
        if (got.is_waiting) timer = setTimeout(() => look(isSending ? 0 : LOOK_SECONDS), isSending ? 1000 : 300)
      } catch (bad) {
        if (!stop.signal.aborted) setError(bad)
      }
    }
    void look(0)
    return () => { stop.abort(); clearTimeout(timer) }
  }, [id, round, isSending, take])

  useEffect(() => {
    window.addEventListener('focus', again)
    return () => window.removeEventListener('focus', again)
  }, [again])
  return { session, error, again, take }
}

function PageThumb({ captureId, page, isAt, isPicked, dragging, handlers }: {
  captureId: number; page: CapturePage; isAt: boolean; isPicked: boolean; dragging: boolean
  handlers: { onClick: (event: React.MouseEvent) => void; onDragStart: (event: DragEvent) => void; onDragOver: (event: DragEvent) => void; onDrop: (event: DragEvent) => void; onDragEnd: () => void }
}) {
  const [isBroken, setBroken] = useState(false)
  const src = `/api/v1/captures/${captureId}/pages/${page.id}?variant=thumb&r=${page.rotation}${page.look === 'WAITING' ? '&w=1' : ''}`
  useEffect(() => setBroken(false), [src])
  return (
    <button type="button" draggable className={['thumb', isAt && 'at', isPicked && 'picked', dragging && 'dragging'].filter(Boolean).join(' ')} aria-pressed={isAt} data-page={page.id} {...handlers}>
      {isPicture(page) && !isBroken
        ? <img src={src} alt="" loading="lazy" draggable={false} onError={() => setBroken(true)} />
        : <span className="thumb-blank" aria-hidden="true">{page.look === 'WAITING' ? '…' : page.name.split('.').pop()?.toUpperCase()}</span>}
      <span className="thumb-name">{page.place}. {page.name}{page.content_pages > 1 ? ` (${page.content_page})` : ''}</span>
      <span className={'kind ' + page.kind.toLowerCase()}>{page.look === 'WAITING' ? say('识别中', 'being read') : kindName(page.kind)}{page.kind_said !== 'AUTO' && !page.bill_id && page.look !== 'WAITING' && ' ✎'}</span>
      {page.note && <span className="thumb-note" title={page.note}>⚠</span>}
    </button>
  )
}

export default function CaptureTray({ id }: { id: number }) {
  const { message } = App.useApp()
  const { may } = useWho()
  const uploads = uploadsOf(id)
  const items = useUploads(uploads)
  const isSending = uploads.isBusy
  const { session, error, again, take } = useSession(id, isSending)
  const limits = useLoad(signal => call<Limits>('/api/v1/limits', { signal }), [])
  const [at, setAt] = useState<number | null>(null)
  const [picked, setPicked] = useState<Set<number>>(new Set())
  const [dragged, setDragged] = useState<number | null>(null)
  const [isFinishing, setFinishing] = useState(false)
  const [hasPhone, setPhone] = useState(() => new URLSearchParams(location.search).has('phone'))
  const [isLent, setLent] = useState(false)
  const [isScanning, setScanning] = useState(() => new URLSearchParams(location.search).has('scan'))
  const [question, setQuestion] = useState<Question | null>(null)
  const [failure, setFailure] = useState<unknown>(null)
  const pick = useRef<Pick | null>(null)
  const viewer = useRef<ViewerApi | null>(null)
  const numberInput = useRef<HTMLInputElement | null>(null)
  const chain = useRef(Promise.resolve())
  const queued = useRef(0)

  const pages = useMemo(() => session?.pages ?? [], [session])
  const index = Math.max(0, pages.findIndex(page => page.id === at))
  const page = pages[index] as CapturePage | undefined
  const isOpen = session?.state === 'OPEN'
  const marked = pages.filter(one => picked.has(one.id))
  const chosen = marked.length ? marked : page ? [page] : []
  const base = `/api/v1/captures/${id}/pages`

  useEffect(() => { if (limits.data) uploads.setLimits(limits.data) }, [uploads, limits.data])
  useEffect(() => { /* the page that a new one replaces goes when the new one is there */
    uploads.setTarget({ path: base, entry: 'CAPTURE', onDone: async (answer, item) => {
      const old = Number(item.extra.replaces)
      if (old) await call(`${base}/${old}`, { method: 'DELETE' })
      const made = (answer.pages as { id: number; result: string }[] | undefined)?.at(-1)
      if (item.extra.after !== undefined && made?.result === 'ADDED') item.extra.after = made.id /* of one choice, the next goes behind it */
      again()
    } })
  }, [uploads, base, again])

  /* one change after the other, as they were made; no success hides what failed before it */
  const change = (changes: Change[]) => {
    if (!queued.current++) setFailure(null)
    chain.current = chain.current.then(async () => {
      const failed: { of?: CapturePage; error: unknown }[] = []
      for (const { of, run } of changes) {
        try {
          const got = await run() as CaptureWhole | undefined
          if (got && Array.isArray(got.segments) && Array.isArray(got.pages)) take(got)
          else again()
        } catch (error) {
          failed.push({ of, error })
        }
      }
      queued.current--
      if (!failed.length) return
      setFailure(failureOf(failed, changes.length))
      again()
    })
  }
  const patchPage = (of: CapturePage, body: object): Change => ({ of, run: () => call(`${base}/${of.id}`, { method: 'PATCH', body }) })
  const patch = (of: CapturePage[], body: object) => change(of.map(one => patchPage(one, body)))
  const turn = (by: number) => change(chosen.map(one => patchPage(one, { rotation: (one.rotation + by + 360) % 360 })))
  const put = (body: object) => change([{ run: () => call(`/api/v1/captures/${id}`, { method: 'PATCH', body }) }])
  const setType = (of: Segment, code: string | null) => { /* said at its first page, and nowhere else in it */
    const [first, ...rest] = of.page_ids.map(each => pages.find(one => one.id === each)).filter((one): one is CapturePage => !!one && !one.bill_id)
    change([...(first ? [patchPage(first, { bill_type: code })] : []), ...rest.filter(one => one.bill_type).map(one => patchPage(one, { bill_type: null }))])
  }
  const order = (ids: number[]) => change([{ run: () => call(base, { method: 'PUT', body: { order: ids } }) }])
  const moveTo = (moving: number[], before: number | null) => {
    const rest = pages.map(one => one.id).filter(one => !moving.includes(one))
    const to = before === null ? rest.length : rest.indexOf(before)
    order([...rest.slice(0, to), ...moving, ...rest.slice(to)])
  }
  const shift = (by: number) => {
    const moving = chosen.map(one => one.id)
    const first = pages.findIndex(one => one.id === moving[0])
    const last = pages.findIndex(one => one.id === moving[moving.length - 1])
    if (by < 0 && first > 0) moveTo(moving, pages[first - 1].id)
    if (by > 0 && last < pages.length - 1) moveTo(moving, pages[last + 2]?.id ?? null)
  }
  const drop = () => {
    if (!chosen.length) return
    const gone = [...chosen]
    setQuestion({
      title: say(`移除 ${gone.length} 页？`, `Take out ${gone.length} pages?`), isDanger: true,
      run: async () => {
        const failed: { of: CapturePage; error: unknown }[] = []
        for (const of of gone) await call(`${base}/${of.id}`, { method: 'DELETE' }).catch(error => { if (!isGone(error)) failed.push({ of, error }) })
        again()
        if (failed.length) throw failureOf(failed, gone.length)
        setPicked(new Set())
      },
    })
  }
  const add = (files: File[], extra: Record<string, number> = {}) => { if (files.length) uploads.add(files, extra) }
  const insert = (behind: CapturePage) => pick.current?.files({ take: files => add(files, { after: behind.id }) })
  const replace = (old: CapturePage) => pick.current?.files({ isSingle: true, take: files => add(files, { after: old.id, replaces: old.id }) })
  const step = (by: number, isRange = false) => {
    const next = pages[Math.min(pages.length - 1, Math.max(0, index + by))]
    if (!next) return
    setPicked(now => isRange ? new Set([...now, ...(page ? [page.id] : []), next.id]) : new Set())
    setAt(next.id)
    document.querySelector(`[data-page="${next.id}"]`)?.scrollIntoView({ block: 'nearest' })
  }
  const click = (event: React.MouseEvent, one: CapturePage) => {
    if (event.shiftKey && page) {
      const [from, to] = [index, pages.indexOf(one)].sort((a, b) => a - b)
      setPicked(new Set(pages.slice(from, to + 1).map(each => each.id)))
    } else if (event.ctrlKey || event.metaKey) {
      setPicked(now => { const next = new Set(now.size ? now : page ? [page.id] : []); if (!next.delete(one.id)) next.add(one.id); return next })
    } else {
      setPicked(new Set())
    }
    setAt(one.id)
  }

  usePhone(isLent && isOpen, again)

  const keys = useKeys([
    { keys: 'ArrowLeft k', what: say('上一页', 'Previous page'), run: () => step(-1) },
    { keys: 'ArrowRight j', what: say('下一页', 'Next page'), run: () => step(1) },
    { keys: 'Shift+ArrowLeft', what: say('向前多选', 'Select backward'), run: () => step(-1, true) },
    { keys: 'Shift+ArrowRight', what: say('向后多选', 'Select forward'), run: () => step(1, true) },
    { keys: '+ =', what: say('放大', 'Zoom in'), run: () => viewer.current?.zoom(1) },
    { keys: '-', what: say('缩小', 'Zoom out'), run: () => viewer.current?.zoom(-1) },
    ...(isOpen ? [
      { keys: 'u', what: say('添加文件', 'Add files'), run: () => pick.current?.files() },
      { keys: 's', what: say('从扫描仪扫描', 'Scan from a scanner'), run: () => setScanning(true) },
      { keys: 'i', what: say('在此页之后插入', 'Insert behind this page'), run: () => (page ? insert(page) : pick.current?.files()) },
      { keys: 'x', what: say('重扫：替换此页', 'Replace this page'), run: () => { if (page) replace(page) } },
      { keys: 'r', what: say('顺时针旋转', 'Turn right'), run: () => turn(90) },
      { keys: 'e', what: say('逆时针旋转', 'Turn left'), run: () => turn(-90) },
      { keys: '1', what: say('设为封面', 'It is a cover'), run: () => patch(chosen, { kind: 'COVER' }) },
      { keys: '2', what: say('设为发票', 'It is an invoice'), run: () => patch(chosen, { kind: 'INVOICE' }) },
      { keys: '3', what: say('设为附件', 'It is an attachment'), run: () => patch(chosen, { kind: 'ATTACHMENT' }) },
      { keys: '4', what: say('设为空白页', 'It is blank'), run: () => patch(chosen, { kind: 'BLANK' }) },
      { keys: '0', what: say('恢复自动判断', 'Found out by itself'), run: () => patch(chosen, { kind: 'AUTO' }) },
      { keys: '[', what: say('前移', 'Move forward'), run: () => shift(-1) },
      { keys: ']', what: say('后移', 'Move back'), run: () => shift(1) },
      { keys: 'n', what: say('录入影像编号（从此页起为新单据）', 'Type an image number: a bill begins here'), run: () => numberInput.current?.focus() },
      { keys: 'Delete Backspace', what: say('移除', 'Take out'), run: drop },
      { keys: 'f', what: say('归档', 'File'), run: () => setFinishing(true) },
    ] : []),
  ])

  if (!session) return <Page title={say('影像采集', 'Capture')}><Failure error={error} onRetry={again} /><UploadList uploads={uploads} />{!error && <div className="empty">{say('正在加载…', 'Loading…')}</div>}</Page>
  const segmentAt = session.segments.find(one => page && one.page_ids.includes(page.id))
  const byId = new Map(pages.map(one => [one.id, one]))
  const ready = session.segments.filter(one => one.state === 'READY' || one.state === 'SUPPLEMENT').length

  const dragHandlers = (one: CapturePage) => ({
    onClick: (event: React.MouseEvent) => click(event, one),
    onDragStart: (event: DragEvent) => { event.dataTransfer.effectAllowed = 'move'; event.dataTransfer.setData('text/plain', String(one.id)); setDragged(one.id) },
    onDragOver: (event: DragEvent) => { if (dragged !== null) { event.preventDefault(); event.dataTransfer.dropEffect = 'move' } },
    onDrop: (event: DragEvent) => {
      if (dragged === null || dragged === one.id) return
      event.preventDefault()
      event.stopPropagation()
      const moving = picked.has(dragged) ? pages.filter(each => picked.has(each.id)).map(each => each.id) : [dragged]
      if (!moving.includes(one.id)) moveTo(moving, one.id)
    },
    onDragEnd: () => setDragged(null),
  })

  return (
    <Page title={session.name ?? say(`批次 ${id}`, `Session ${id}`)} actions={
      <>
        {isOpen && <Button onClick={() => setScanning(true)}>{say('扫描仪', 'Scanner')}</Button>}
        {isOpen && <Button onClick={() => pick.current?.files()}>{say('添加文件', 'Add files')}</Button>}
        {isOpen && <Button onClick={() => pick.current?.folder()}>{say('文件夹', 'Folder')}</Button>}
        {isOpen && <Button className="desk-only" onClick={() => setPhone(true)}>{say('用手机拍照', 'Phone camera')}</Button>}
        {isOpen && <Button className="phone-only" onClick={() => pick.current?.camera()}>{say('拍照', 'Take a picture')}</Button>}
        {isOpen && <Button type="primary" disabled={!pages.length || isSending} onClick={() => setFinishing(true)}>{ready ? say(`归档 ${ready} 张单据`, `File ${ready} bills`) : say('归档…', 'File…')}</Button>}
        <Button onClick={() => go('/capture')}>{say('返回', 'Back')}</Button>
      </>
    }>
      <Failure error={error} onRetry={again} />
      <Failure error={failure} onClose={() => setFailure(null)} />
      {isOpen && (
        <div className="session-facts">
          <label className="stack"><span>{say('本批次的单据类型', 'Bill type of this session')}</span><BillType value={session.bill_type} onChange={code => put({ bill_type: code })} unsaid={say('自动：按已有单据或编码规则', 'by the bill that is there, or the rule')} /></label>
          <ResourceOf value={session.resource} onChange={resource => put({ resource })} />
        </div>
      )}
      {isOpen && <Scan captureId={id} page={page} isAsking={isScanning} onAsked={() => { setScanning(false); setParams({ scan: undefined }) }} onPages={again} />}
      <Drop onFiles={files => { if (isOpen) add(files) }}>
        {isOpen && <UploadList uploads={uploads} />}
        {pages.length === 0 ? (
          <div className="empty">{items.length ? say('正在接收…', 'Coming in…') : <>{say('将文件拖到这里，或点“添加文件”“扫描仪”。', 'Drop files here, “Add files”, or scan.')}<LimitsLine limits={limits.data} entry="CAPTURE" /></>}</div>
        ) : (
          <div className="capture-body">
            <div className="segments" aria-label={say('拆分结果', 'How it is split')} role="region">
              <p className="hint" role="status">
                {say(`${pages.length} 页，${session.segments.length} 段`, `${pages.length} pages, ${session.segments.length} segments`)}
                {session.is_waiting && say('，正在识别…', ', being read…')} · {say('按 ? 查看按键', 'press ? for keys')}
              </p>
              {session.segments.map(segment => (
                <section key={segment.index} className={'segment ' + segment.state.toLowerCase()} aria-label={segment.number ?? segmentName(segment.state)}>
                  <header>
                    <strong>{segment.number ?? say('无编号', 'no number')}</strong>
                    <Mark color={segmentTone[segment.state]}>{segmentName(segment.state)}</Mark>
                    <span className="quiet">{say(`${segment.page_count} 页`, `${segment.page_count} pages`)}</span>
                    {segment.bill_type && <span className="quiet">{segment.bill_type_name ?? segment.bill_type}</span>}
                    {segment.bill && <Link to={`/bills/${segment.bill.bill_id}`}>{segment.bill.state_name}</Link>}
                  </header>
                  {segment.problem && <p className="problem">{segment.problem}</p>}
                  <div className="tray">
                    {segment.page_ids.map(each => byId.get(each)).filter((one): one is CapturePage => !!one).map(one => (
                      <PageThumb key={one.id} captureId={id} page={one} isAt={one.id === page?.id} isPicked={picked.has(one.id)} dragging={one.id === dragged} handlers={dragHandlers(one)} />
                    ))}
                  </div>
                </section>
              ))}
            </div>
            <div className="capture-side">
              {page && (
                <>
                  {isOpen && (
                    <PageForm key={`${page.id}-${page.number ?? ''}`} page={page} segment={segmentAt} count={chosen.length} inputRef={numberInput} onKind={kind => patch(chosen, { kind })} onSaid={said => patch(chosen, said)} onType={code => { if (segmentAt) setType(segmentAt, code) }}
                              onNumber={number => patch([page], { number })} onTurn={turn} onShift={shift} onDrop={drop}
                              onInsert={() => insert(page)} onReplace={() => replace(page)} />
                  )}
                  {page.note && <p className="problem">{page.note}</p>}
                  <Viewer
                    pages={pages.map(one => ({ key: String(one.id), title: `${one.place}. ${one.name}`, isPicture: isPicture(one),
                      url: `${base}/${one.id}?variant=page&size=1600&r=${one.rotation}${one.look === 'WAITING' ? '&w=1' : ''}` }))}
                    at={index} onAt={next => step(next - index)} api={viewer} />
                  {page.codes.length > 0 && <p className="hint codes">{page.codes.map(one => `${one.kind}: ${one.text}`).join(' · ')}</p>}
                </>
              )}
            </div>
          </div>
        )}
      </Drop>
      <Inputs onFiles={add} pick={pick} />
      <Ask question={question} onDone={isDone => { setQuestion(null); if (isDone) { message.success(say('已移除', 'Taken out')); again() } }} />
      {isFinishing && (
        <Modal open title={say('归档', 'File')} footer={null} onCancel={() => { setFinishing(false); again() }} width={720}>
          <Finish session={session} maySubmit={may('BILL_SUBMIT')} onChanged={again} onClose={() => { setFinishing(false); again() }} />
        </Modal>
      )}
      {hasPhone && isOpen && <PhoneHand captureId={id} count={pages.length} onLent={setLent} onClose={() => { setPhone(false); setParams({ phone: undefined }) }} />}
      {keys}
    </Page>
  )
}

function PageForm({ page, segment, count, inputRef, onKind, onSaid, onType, onNumber, onTurn, onShift, onDrop, onInsert, onReplace }: {
  page: CapturePage; segment?: Segment; count: number; onSaid: (said: { label?: string | null; attachment_type?: number }) => void; onType: (code: string | null) => void; inputRef: React.MutableRefObject<HTMLInputElement | null>; onKind: (kind: Role) => void; onNumber: (number: string | null) => void
  onTurn: (by: number) => void; onShift: (by: number) => void; onDrop: () => void; onInsert: () => void; onReplace: () => void
}) {
  const [number, setNumber] = useState(page.number ?? '')
  const words = useWords(page.label)
  const isOfBill = segment?.bill_type_from === 'BILL'
  const save = () => { if (number.trim() !== (page.number ?? '')) onNumber(number.trim() || null) }
  return (
    <div className="page-form">
      <Select value={page.kind_said} aria-label={say('类别', 'Kind')} onChange={onKind}
              options={ROLES.map(value => ({ value, label: value === 'AUTO' ? `${kindName('AUTO')}${page.kind_said === 'AUTO' ? `：${kindName(page.kind)}` : ''}` : kindName(value) }))} />
      <Input value={number} maxLength={100} placeholder={say('影像编号', 'Image number')} aria-label={say('影像编号', 'Image number')}
             ref={instance => { inputRef.current = instance?.input ?? null }} onChange={event => setNumber(event.target.value)} onPressEnter={event => { save(); event.currentTarget.blur() }} onBlur={save} />
      <BillType value={isOfBill || segment?.bill_type_from === 'PAGE' ? segment.bill_type : null} name={segment?.bill_type_name} isFixed={isOfBill || !!page.bill_id} unsaid={unsaidType(segment)} onChange={onType} />
      {words.labels.length > 1 && <Select value={page.label ?? ''} aria-label={say('标签', 'Label')} disabled={!!page.bill_id} options={words.labels.map(one => one.value ? one : { ...one, label: say('标签：无', 'label: none') })} onChange={label => onSaid({ label: label || null })} />}
      {page.kind === 'ATTACHMENT' && words.types.length > 1 && <Select value={page.attachment_type} aria-label={say('附件类型', 'Attachment type')} disabled={!!page.bill_id} options={words.types.map(one => one.value ? one : { ...one, label: say('附件类型：无', 'attachment type: none') })} onChange={attachment_type => onSaid({ attachment_type })} />}
      <Button onClick={() => onTurn(-90)} aria-label={say('逆时针旋转', 'Turn left')} title={say('逆时针旋转 (e)', 'Turn left (e)')}>↺</Button>
      <Button onClick={() => onTurn(90)} aria-label={say('顺时针旋转', 'Turn right')} title={say('顺时针旋转 (r)', 'Turn right (r)')}>↻</Button>
      <Button onClick={() => onShift(-1)} aria-label={say('前移', 'Move forward')} title={say('前移 ([)', 'Move forward ([)')}>⇤</Button>
      <Button onClick={() => onShift(1)} aria-label={say('后移', 'Move back')} title={say('后移 (])', 'Move back (])')}>⇥</Button>
      <Button onClick={onInsert}>{say('插入', 'Insert')}</Button>
      <Button onClick={onReplace}>{say('替换', 'Replace')}</Button>
      <Button danger onClick={onDrop}>{count > 1 ? say(`移除 ${count} 页`, `Take out ${count}`) : say('移除', 'Take out')}</Button>
    </div>
  )
}
