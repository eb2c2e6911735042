/** Scanning from a network scanner into a session: choosing how, and what becomes of it, page by page. */
import { Alert, Button, Checkbox, Modal, Select } from 'antd'
import { useCallback, useEffect, useRef, useState } from 'react'
import { call, query } from '../api/client'
import type { CapturePage, Listed } from '../api/types'
import { Link } from '../router'
import { useWho } from '../session'
import { keep, read, say } from '../words'
import { Failure } from './Failure'
import { useAct, useLoad } from './use'

const WAIT_SECONDS = 20
const KEPT = 'fpimage.scan'

interface Problem { code: string; message: string; remedy: string }
interface Source { source: 'FEEDER' | 'FLATBED'; has_duplex: boolean; dpi: number[]; colors: string[]; formats: string[] }
interface Scanner { scanner_id: number; name: string; model: string | null; is_enabled: boolean }
interface Status { is_reachable: boolean; state: string; is_loaded: boolean; problem: Problem | null; capabilities: { model: string; sources: Source[] } | null }
interface Run { scan_id: number; scanner_name: string; state: 'WAITING' | 'RUNNING' | 'DONE' | 'FAILED' | 'CANCELLED'; is_cancelling: boolean; pages: number; problem: Problem | null }
interface Choice { scanner_id?: number; source?: string; dpi?: number; color?: string; paper?: string; is_duplex?: boolean }

const isLive = (run: Run) => run.state === 'WAITING' || run.state === 'RUNNING'
const colorName = (color: string) => ({ COLOR: say('彩色', 'colour'), GRAY: say('灰度', 'grey'), MONO: say('黑白', 'black and white') }[color] ?? color)
const sourceName = (source: string) => source === 'FEEDER' ? say('进纸器', 'feeder') : say('平板', 'glass')

/** What was chosen last on this machine. */
function lastChoice(): Choice {
  try {
    const kept: unknown = JSON.parse(read(KEPT) ?? '{}')
    return kept && typeof kept === 'object' ? kept as Choice : {}
  } catch { return {} }
}

/** Follows a run until it has ended. */
function useRun(captureId: number, onPages: () => void) {
  const [run, setRun] = useState<Run | null>(null)
  const [error, setError] = useState<unknown>(null)
  const tell = useRef(onPages)
  tell.current = onPages
  const path = `/api/v1/captures/${captureId}/scans`
  const id = run?.scan_id

  useEffect(() => { /* one that goes on since before the page was loaded */
    const stop = new AbortController()
    call<Listed<Run>>(path + query({ page_size: 1 }), { signal: stop.signal }).then(list => {
      if (list.items[0] && isLive(list.items[0])) setRun(now => now ?? list.items[0])
    }).catch(() => undefined)
    return () => stop.abort()
  }, [path])

  useEffect(() => {
    if (!id) return undefined
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (pages: number) => {
      try {
        const got = await call<Run>(`${path}/${id}${query({ wait: WAIT_SECONDS, pages })}`, { signal: stop.signal })
        setRun(got)
        setError(null)
        if (got.pages !== pages || !isLive(got)) tell.current()
        if (isLive(got)) timer = setTimeout(() => look(got.pages), 200)
      } catch (bad) {
        if (stop.signal.aborted) return
        setError(bad)
        timer = setTimeout(() => look(pages), 3000)
      }
    }
    void look(0)
    return () => { stop.abort(); clearTimeout(timer) }
  }, [path, id])

  return { run, error, set: setRun, path }
}

function RunLine({ run, onCancel, onClose, isBusy }: { run: Run; onCancel: () => void; onClose: () => void; isBusy: boolean }) {
  const pages = say(`已扫描 ${run.pages} 页`, `${run.pages} pages`)
  const text = isLive(run) ? (run.is_cancelling ? say('正在取消…', 'cancelling…') : run.pages ? pages + '…' : say('正在开始…', 'starting…'))
    : run.state === 'DONE' ? pages + say('，完成', ', done') : run.state === 'CANCELLED' ? pages + say('，已取消', ', cancelled') : pages + say('，扫描中断', ', the scan ended')
  return (
    <div className="scan-line">
      <strong>{run.scanner_name}</strong><span role="status">{text}</span>
      {isLive(run) ? <Button size="small" onClick={onCancel} disabled={run.is_cancelling || isBusy}>{say('取消扫描', 'Cancel')}</Button> : <Button size="small" onClick={onClose}>{say('知道了', 'Close')}</Button>}
      {run.problem && <p className="problem" role="alert">{run.problem.message}：{run.problem.remedy}</p>}
    </div>
  )
}

function Choose({ captureId, page, onStarted, onClose }: { captureId: number; page?: CapturePage; onStarted: (run: Run, replaces?: number) => void; onClose: () => void }) {
  const { may } = useWho()
  const [choice, setChoice] = useState<Choice>(lastChoice)
  const [where, setWhere] = useState<'end' | 'after' | 'replace'>('end')
  const act = useAct()
  const list = useLoad(signal => call<Listed<Scanner>>('/api/v1/scanners', { signal }), [])
  const scanners = (list.data?.items ?? []).filter(one => one.is_enabled)
  const scanner = scanners.find(one => one.scanner_id === choice.scanner_id) ?? scanners[0]
  const id = scanner?.scanner_id
  const status = useLoad(async signal => id ? { of: id, is: await call<Status>(`/api/v1/scanners/${id}/status`, { signal }) } : null, [id])
  const is = status.data?.of === id ? status.data?.is : undefined
  const sources = is?.capabilities?.sources ?? []
  const source = sources.find(one => one.source === choice.source) ?? sources[0]
  const dpi = source?.dpi.includes(choice.dpi ?? 0) ? choice.dpi : source?.dpi.find(one => one >= 300) ?? source?.dpi[source.dpi.length - 1]
  const color = source?.colors.includes(choice.color ?? '') ? choice.color : source?.colors[0]
  const paper = choice.paper ?? 'A4'
  const isDuplex = !!source?.has_duplex && !!choice.is_duplex
  const change = (next: Choice) => setChoice(now => ({ ...now, ...next }))
  const blocks = is?.problem && (source?.source === 'FEEDER' || !is.is_reachable)

  const start = () => act.run(async () => {
    if (!source) return
    const said = { scanner_id: id, source: source.source, dpi: dpi ?? 300, color: color ?? 'COLOR', paper, is_duplex: isDuplex }
    keep(KEPT, JSON.stringify(said))
    const run = await call<Run>(`/api/v1/captures/${captureId}/scans`, { body: { ...said, ...(page && where !== 'end' ? { after: page.id } : {}) } })
    onStarted(run, page && where === 'replace' ? page.id : undefined)
  })

  return (
    <Modal open title={say('从扫描仪扫描', 'Scan')} onCancel={onClose} onOk={start} confirmLoading={act.isBusy} okText={say('开始扫描', 'Start')} cancelText={say('取消', 'Cancel')}
           okButtonProps={{ disabled: !source }}>
      <Failure error={list.error ?? act.error} />
      {list.data && !scanners.length && (
        <p>{say('还没有可用的扫描仪。', 'There is no scanner that you may use.')} {may('POINT_EDIT') ? <Link to="/scanners">{say('去设置', 'Set one up')}</Link> : say('请联系管理员添加。', 'An administrator can add one.')}</p>
      )}
      {scanners.length > 0 && (
        <div className="scan-form">
          <div className="stack whole"><span>{say('扫描仪', 'Scanner')}</span><Select value={id} aria-label={say('扫描仪', 'Scanner')} onChange={next => change({ scanner_id: next })} options={scanners.map(one => ({ value: one.scanner_id, label: one.model ? `${one.name}（${one.model}）` : one.name }))} /></div>
          <div className="whole" role="status">
            {!is && !status.error && <span className="quiet">{say('正在询问扫描仪…', 'Asking the scanner…')}</span>}
            <Failure error={status.error} onRetry={status.again} />
            {is?.problem && blocks && <Alert type={is.is_reachable ? 'warning' : 'error'} showIcon title={is.problem.message} description={is.problem.remedy} action={<Button size="small" onClick={status.again}>{say('重新检查', 'Look again')}</Button>} />}
            {is && !blocks && <span className="quiet">{is.is_loaded && source?.source === 'FEEDER' ? say('就绪，进纸器已放纸', 'ready, paper is in the feeder') : say('就绪', 'ready')}</span>}
          </div>
          {source && (
            <>
              <div className="stack"><span>{say('进纸方式', 'Source')}</span><Select value={source.source} aria-label={say('进纸方式', 'Source')} onChange={next => change({ source: next })} options={sources.map(one => ({ value: one.source, label: sourceName(one.source) }))} /></div>
              <div className="stack"><span>{say('分辨率', 'Resolution')}</span><Select value={dpi} aria-label={say('分辨率', 'Resolution')} onChange={next => change({ dpi: next })} options={source.dpi.map(one => ({ value: one, label: `${one} dpi` }))} /></div>
              <div className="stack"><span>{say('色彩', 'Colour')}</span><Select value={color} aria-label={say('色彩', 'Colour')} onChange={next => change({ color: next })} options={source.colors.map(one => ({ value: one, label: colorName(one) }))} /></div>
              <div className="stack"><span>{say('纸张', 'Paper')}</span><Select value={paper} aria-label={say('纸张', 'Paper')} onChange={next => change({ paper: next })} options={['A4', 'A5', 'LETTER', 'LEGAL', 'MAX'].map(value => ({ value, label: value === 'MAX' ? say('最大幅面', 'all it takes') : value }))} /></div>
              {page && <div className="stack whole"><span>{say('放到', 'Where to')}</span><Select value={where} aria-label={say('放到', 'Where to')} onChange={setWhere} options={[{ value: 'end', label: say('末尾', 'at the end') }, { value: 'after', label: say(`第 ${page.place} 页之后`, `behind page ${page.place}`) }, { value: 'replace', label: say(`替换第 ${page.place} 页`, `instead of page ${page.place}`) }]} /></div>}
              {source.has_duplex && <Checkbox className="whole" checked={isDuplex} onChange={event => change({ is_duplex: event.target.checked })}>{say('双面扫描', 'Both sides')}</Checkbox>}
              {blocks && <p className="hint whole">{say('排除后即可开始；也可以直接尝试。', 'Start once it is cleared, or try all the same.')}</p>}
            </>
          )}
        </div>
      )}
    </Modal>
  )
}

export function Scan({ captureId, page, isAsking, onAsked, onPages }: { captureId: number; page?: CapturePage; isAsking: boolean; onAsked: () => void; onPages: () => void }) {
  const { run, error, set, path } = useRun(captureId, onPages)
  const [replaced, setReplaced] = useState<{ scan: number; page: number } | null>(null)
  const act = useAct()
  const { run: doIt } = act
  const cancel = () => act.run(async () => { if (run) set(await call<Run>(`${path}/${run.scan_id}`, { method: 'DELETE' })) })
  const close = useCallback(() => set(null), [set])

  useEffect(() => { /* the old page goes once the new one is there */
    if (!replaced || !run || run.scan_id !== replaced.scan || isLive(run)) return
    setReplaced(null)
    if (run.pages > 0) void doIt(async () => { await call(`/api/v1/captures/${captureId}/pages/${replaced.page}`, { method: 'DELETE' }); onPages() })
  }, [replaced, run, captureId, onPages, doIt])

  return (
    <>
      <Failure error={act.error ?? error} onClose={act.clear} />
      {run && <RunLine run={run} onCancel={cancel} onClose={close} isBusy={act.isBusy} />}
      {isAsking && <Choose captureId={captureId} page={page} onClose={onAsked} onStarted={(made, replaces) => { set(made); if (replaces) setReplaced({ scan: made.scan_id, page: replaces }); onAsked() }} />}
    </>
  )
}
