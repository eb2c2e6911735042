/** The page of an event code: what an ERP shows on a phone or in its own frame. No menu, no list, only its bills, and what
 *  may be done with them by the rights that the ERP named. */
import { App } from 'antd'
import { useEffect, useMemo, useRef, useState } from 'react'
import { ApiError, call, query } from '../api/client'
import type { Bill as BillLine, BillFile, BillWhole, Listed, Session } from '../api/types'
import { AddFiles } from '../parts/AddFiles'
import { Ask, type Question } from '../parts/Ask'
import { Failure } from '../parts/Failure'
import { Facts } from '../parts/Facts'
import { useKeys } from '../parts/Keys'
import { Moves } from '../parts/Moves'
import { Trail } from '../parts/Trail'
import { useStale, useTitle } from '../parts/use'
import { usePlace } from '../router'
import { hold, useWho, type Who, WhoContext } from '../session'
import { half, money, read, say, sum } from '../words'
import { kindName, Reason, StateTag } from './state'

const KEPT = 'fpimage.view'
/** The answer that says what was wrong with a code. */
const REFUSED_CODE = 'event_code_refused'

/** A code is good for one session: a reload goes on with the session that it made. */
async function enter(code: string): Promise<Session> {
  if (code && read(KEPT) !== code) {
    const session = await call<Session>('/api/v1/event-sessions', { body: { event_code: code }, isSession: true })
    try { localStorage.setItem(KEPT, code) } catch { /* nothing is remembered here */ }
    return session
  }
  return call<Session>('/api/v1/session', { isSession: true })
}

function Leaf({ file, n, at, of }: { file: BillFile; n: number; at: number; of: number }) {
  const [state, setState] = useState<'coming' | 'shown' | 'failed'>(file.look === 'UNREADABLE' ? 'failed' : 'coming')
  return (
    <figure>
      {state === 'failed' ? <p className="empty">{file.look_note ? half(file.look_note) : say('此文件无法预览，可下载原件查看。', 'This file can’t be shown; download the original.')}</p> : (
        <img src={`/api/v1/files/${file.id}?variant=page&n=${n}&size=1200&r=${file.rotation}`} alt={say(`${file.name} 第 ${n} 页`, `${file.name}, page ${n}`)} loading="lazy"
             className={state} onLoad={() => setState('shown')} onError={() => setState('failed')} />
      )}
      <figcaption><span>{kindName(file.kind)} · <a href={`/api/v1/files/${file.id}?download=1`} download>{file.name}</a></span><span className="view-at">{at} / {of}</span></figcaption>
    </figure>
  )
}

function Bill({ id, onEnded }: { id: number; onEnded: (error: unknown) => void }) {
  const { may } = useWho()
  const { message } = App.useApp()
  const [bill, setBill] = useState<BillWhole | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [round, setRound] = useState(0)
  const [question, setQuestion] = useState<Question | null>(null)
  const [tab, setTab] = useState<'pages' | 'invoices' | 'timeline'>('pages')
  const again = () => { setError(null); setRound(n => n + 1) }
  useStale(again)
  useEffect(() => {
    const stop = new AbortController()
    call<BillWhole>(`/api/v1/bills/${id}`, { signal: stop.signal }).then(setBill, bad => { if (!stop.signal.aborted) (isEnded(bad) ? onEnded : setError)(bad) })
    return () => stop.abort()
  }, [id, round, onEnded])
  const isWaiting = bill?.files.some(file => file.look === 'WAITING')
  useEffect(() => { /* what was added is being looked at */
    if (!isWaiting) return
    const timer = setTimeout(() => setRound(n => n + 1), 1500)
    return () => clearTimeout(timer)
  }, [isWaiting, bill])
  if (!bill) return error ? <Failure error={error} onRetry={again} /> : <div className="empty" role="status">{say('正在加载…', 'Loading…')}</div>
  const leaves = bill.files.flatMap(file => Array.from({ length: Math.max(1, file.page_count ?? 1) }, (_, i) => ({ file, n: i + 1 })))
  const tabs = [['pages', say(`影像 ${bill.page_count}`, `Pages ${bill.page_count}`)], ['invoices', say(`发票 ${bill.found_invoices.length}`, `Invoices ${bill.found_invoices.length}`)], ['timeline', say('时间线', 'Timeline')]] as const
  return (
    <article className="view-bill">
      <header><h1>{bill.number}</h1><StateTag bill={bill} />{bill.reason && <div><Reason bill={bill} /></div>}<div className="quiet">{[bill.bill_type_name, bill.applicant_name, bill.org_name].filter(Boolean).join(' · ')}</div></header>
      <div className="row view-acts">
        <Moves bill={bill} onAsk={setQuestion} />
        {bill.acts.ATTACH?.is_allowed && may('CAPTURE') && <AddFiles billId={id} onDone={again} />}
      </div>
      <Failure error={error} onRetry={again} />
      <div className="tabs" role="tablist">{tabs.map(([name, label]) => <button key={name} type="button" role="tab" aria-selected={tab === name} onClick={() => setTab(name)}>{label}</button>)}</div>
      <div role="tabpanel">
        {tab === 'pages' && leaves.map((leaf, i) => <Leaf key={`${leaf.file.id}-${leaf.n}`} {...leaf} at={i + 1} of={leaves.length} />)}
        {tab === 'pages' && !leaves.length && <p className="empty">{say('还没有影像', 'No images yet')}</p>}
        {tab === 'invoices' && bill.found_invoices.length > 1 && <p className="view-sum">{say('价税合计', 'Gross')} <strong>¥{sum(bill.found_invoices)}</strong></p>}
        {tab === 'invoices' && (bill.found_invoices.length ? bill.found_invoices.map(one => <Facts key={one.id} found={one} mayCorrect={may('INVOICE_CORRECT')} onChanged={again} />)
          : <p className="empty">{bill.invoices.length ? bill.invoices.map(one => `${String(one.number)} ${money(one.gross as string)}`).join('、') : say('没有发票', 'No invoices')}</p>)}
        {tab === 'timeline' && <Trail billId={id} round={round} title={bill.number} />}
      </div>
      <Ask question={question} onDone={isDone => { setQuestion(null); if (isDone) { message.success(say('已完成', 'Done')); again() } }} />
    </article>
  )
}

/** The bills of the code by their numbers; arrow keys lead to the next one, too. */
function BillTabs({ bills, at, onAt }: { bills: BillLine[]; at: number; onAt: (at: number) => void }) {
  const shown = useRef<HTMLButtonElement>(null)
  useEffect(() => { shown.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' }) }, [at])
  return (
    <nav className="view-nav" aria-label={say(`${bills.length} 张单据`, `${bills.length} bills`)}>
      {bills.map((bill, i) => <button key={bill.id} type="button" ref={i === at ? shown : undefined} aria-current={i === at ? 'true' : undefined} onClick={() => onAt(i)}>{bill.number}</button>)}
    </nav>
  )
}

/** The session is over, or was never there. */
const isEnded = (error: unknown): error is ApiError => error instanceof ApiError && error.status === 401
const isRefused = (error: unknown) => error instanceof ApiError && [400, 401, 403, 404, 409, 410].includes(error.status)

function End({ error, wasOpen }: { error: unknown; wasOpen: boolean }) {
  const [title, remedy] = !isRefused(error) ? [say('暂时无法打开', 'It can’t be opened now'), say('请稍后再试。', 'Try again in a moment.')]
    : wasOpen ? [say('查看已结束', 'This session has ended'), say('为安全起见，页面停用一段时间后会结束。请回到业务系统重新打开影像。', 'It ends after a while without use. Go back to the ERP and open the images again.')]
    : [say('链接已失效', 'This link is no longer valid'), say('链接只能使用一次，且 10 分钟内有效。请回到业务系统重新打开影像。', 'A link works once, within 10 minutes. Go back to the ERP and open the images again.')]
  return <main className="view"><div className="view-end" role="alert"><h1>{title}</h1><p>{remedy}</p>{isEnded(error) && error.type !== REFUSED_CODE ? error.trace && <p className="quiet">{say('编号', 'id')} <code>{error.trace}</code></p> : <Failure error={error} />}</div></main>
}

export default function View() {
  const { params } = usePlace()
  const code = params.get('code') ?? ''
  const [session, setSession] = useState<Session | null>(null)
  const [bills, setBills] = useState<BillLine[] | null>(null)
  const [at, setAt] = useState(0)
  const [error, setError] = useState<unknown>(null)
  useTitle(bills?.[at] ? `${bills[at].number} · ${say('影像查看', 'Images')}` : say('影像查看', 'Images'))
  useEffect(() => {
    enter(code).then(async got => {
      hold(got)
      const { items } = await call<Listed<BillLine>>('/api/v1/bills' + query({ page_size: 200, sort: 'created_at' }))
      setBills(got.bill_ids ? items.filter(one => got.bill_ids?.includes(one.id)) : items)
      setSession(got)
    }).catch(setError)
  }, [code])
  const who = useMemo<Who | null>(() => session && { session, may: permission => (session.permissions ?? session.user.permissions).includes(permission) }, [session])
  const step = (by: number) => setAt(now => Math.min((bills?.length ?? 1) - 1, Math.max(0, now + by)))
  const keys = useKeys([
    { keys: 'ArrowLeft k', what: say('上一张单据', 'Previous bill'), run: () => step(-1) },
    { keys: 'ArrowRight j', what: say('下一张单据', 'Next bill'), run: () => step(1) },
  ])
  if (error) return <End error={error} wasOpen={!!session} />
  if (!bills || !who) return <main className="view"><div className="empty" role="status">{say('正在加载…', 'Loading…')}</div></main>
  return (
    <WhoContext.Provider value={who}>
      <main className="view">
        {bills.length > 1 && <BillTabs bills={bills} at={at} onAt={setAt} />}
        {bills.length ? <Bill key={bills[at].id} id={bills[at].id} onEnded={setError} /> : <div className="empty">{say('没有可查看的单据', 'There is no bill to see')}</div>}
        {keys}
      </main>
    </WhoContext.Provider>
  )
}
