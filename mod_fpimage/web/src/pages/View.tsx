/** The viewing page of an event code: what an ERP shows on a phone or in its own frame. No menu, no list, only its bills. */
import { useEffect, useState } from 'react'
import { ApiError, call, setCsrf } from '../api/client'
import type { BillFile, BillWhole, Session } from '../api/types'
import { Failure } from '../parts/Failure'
import { Facts } from '../parts/Facts'
import { Trail } from '../parts/Trail'
import { useTitle } from '../parts/use'
import { usePlace } from '../router'
import { money, read, say, sum } from '../words'
import { kindName, StateTag } from './state'

const KEPT = 'fpimage.view'

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
      {state === 'failed' ? <p className="empty">{file.look_note ?? say('此文件无法预览，可下载原件查看。', 'This file can’t be shown; download the original.')}</p> : (
        <img src={`/api/v1/files/${file.id}?variant=page&n=${n}&size=1200&r=${file.rotation}`} alt={say(`${file.name} 第 ${n} 页`, `${file.name}, page ${n}`)} loading="lazy"
             className={state} onLoad={() => setState('shown')} onError={() => setState('failed')} />
      )}
      <figcaption><span>{kindName(file.kind)} · <a href={`/api/v1/files/${file.id}?download=1`} download>{file.name}</a></span><span className="view-at">{at} / {of}</span></figcaption>
    </figure>
  )
}

function Bill({ id }: { id: number }) {
  const [bill, setBill] = useState<BillWhole | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [round, setRound] = useState(0)
  const [tab, setTab] = useState<'pages' | 'invoices' | 'timeline'>('pages')
  useEffect(() => { call<BillWhole>(`/api/v1/bills/${id}`).then(setBill, setError) }, [id, round])
  if (!bill) return error ? <Failure error={error} onRetry={() => { setError(null); setRound(n => n + 1) }} /> : <div className="empty" role="status">{say('正在加载…', 'Loading…')}</div>
  const leaves = bill.files.flatMap(file => Array.from({ length: Math.max(1, file.page_count ?? 1) }, (_, i) => ({ file, n: i + 1 })))
  const tabs = [['pages', say(`影像 ${bill.page_count}`, `Pages ${bill.page_count}`)], ['invoices', say(`发票 ${bill.found_invoices.length}`, `Invoices ${bill.found_invoices.length}`)], ['timeline', say('时间线', 'Timeline')]] as const
  return (
    <article className="view-bill">
      <header><h1>{bill.number}</h1><StateTag bill={bill} />{bill.reason && <div className="reason">{say('原因：', 'reason: ')}{bill.reason}</div>}<div className="quiet">{[bill.bill_type_name, bill.applicant_name, bill.org_name].filter(Boolean).join(' · ')}</div></header>
      <div className="tabs" role="tablist">{tabs.map(([name, label]) => <button key={name} type="button" role="tab" aria-selected={tab === name} onClick={() => setTab(name)}>{label}</button>)}</div>
      <div role="tabpanel">
        {tab === 'pages' && leaves.map((leaf, i) => <Leaf key={`${leaf.file.id}-${leaf.n}`} {...leaf} at={i + 1} of={leaves.length} />)}
        {tab === 'pages' && !leaves.length && <p className="empty">{say('还没有影像', 'No images yet')}</p>}
        {tab === 'invoices' && bill.found_invoices.length > 1 && <p className="view-sum">{say('价税合计', 'Gross')} <strong>¥{sum(bill.found_invoices)}</strong></p>}
        {tab === 'invoices' && (bill.found_invoices.length ? bill.found_invoices.map(one => <Facts key={one.id} found={one} mayCorrect={false} onChanged={() => undefined} />)
          : <p className="empty">{bill.invoices.length ? bill.invoices.map(one => `${String(one.number)} ${money(one.gross as string)}`).join('、') : say('没有发票', 'No invoices')}</p>)}
        {tab === 'timeline' && <Trail billId={id} round={0} title={bill.number} />}
      </div>
    </article>
  )
}

function expired(error: unknown): boolean {
  return error instanceof ApiError && [400, 401, 403, 404, 409, 410].includes(error.status)
}

export default function View() {
  const { params } = usePlace()
  const code = params.get('code') ?? ''
  const [bills, setBills] = useState<number[] | null>(null)
  const [at, setAt] = useState(0)
  const [error, setError] = useState<unknown>(null)
  useTitle(say('影像查看', 'Images'))
  useEffect(() => {
    enter(code).then(async session => {
      setCsrf(session.csrf_token)
      const ids = session.bill_ids ?? (await call<{ items: { id: number }[] }>('/api/v1/bills?page_size=50')).items.map(one => one.id)
      setBills(ids)
    }).catch(setError)
  }, [code])
  if (error) {
    return (
      <main className="view"><div className="view-end" role="alert">
        <h1>{expired(error) ? say('链接已失效', 'This link is no longer valid') : say('暂时无法打开', 'It can’t be opened now')}</h1>
        <p>{expired(error) ? say('链接只能使用一次，且 10 分钟内有效。请回到业务系统重新打开影像。', 'A link works once, within 10 minutes. Go back to the ERP and open the images again.') : say('请稍后再试。', 'Try again in a moment.')}</p>
        <Failure error={error} />
      </div></main>
    )
  }
  if (!bills) return <main className="view"><div className="empty" role="status">{say('正在加载…', 'Loading…')}</div></main>
  return (
    <main className="view">
      {bills.length > 1 && <nav className="view-nav" aria-label={say('单据', 'Bills')}>{bills.map((id, i) => <button key={id} type="button" aria-current={i === at ? 'true' : undefined} onClick={() => setAt(i)}>{i + 1}</button>)}</nav>}
      {bills.length ? <Bill key={bills[at]} id={bills[at]} /> : <div className="empty">{say('没有可查看的单据', 'There is no bill to see')}</div>}
    </main>
  )
}
