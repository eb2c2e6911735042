/** The viewing page of an event code: what an ERP shows on a phone or in its own frame. No menu, no list, only its bills. */
import { useEffect, useState } from 'react'
import { ApiError, call, setCsrf } from '../api/client'
import type { BillWhole, Session } from '../api/types'
import { Failure } from '../parts/Failure'
import { Facts } from '../parts/Facts'
import { Trail } from '../parts/Trail'
import { useTitle } from '../parts/use'
import { usePlace } from '../router'
import { money, read, say } from '../words'
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

function Bill({ id }: { id: number }) {
  const [bill, setBill] = useState<BillWhole | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [round, setRound] = useState(0)
  const [tab, setTab] = useState<'pages' | 'invoices' | 'timeline'>('pages')
  useEffect(() => { call<BillWhole>(`/api/v1/bills/${id}`).then(setBill, setError) }, [id, round])
  if (!bill) return <Failure error={error} onRetry={() => { setError(null); setRound(n => n + 1) }} />
  const tabs = [['pages', say(`影像 ${bill.page_count}`, `Pages ${bill.page_count}`)], ['invoices', say(`发票 ${bill.found_invoices.length}`, `Invoices ${bill.found_invoices.length}`)], ['timeline', say('时间线', 'Timeline')]] as const
  return (
    <article className="view-bill">
      <header><h1>{bill.number}</h1><StateTag bill={bill} /><div className="quiet">{[bill.bill_type_name, bill.applicant_name, bill.org_name].filter(Boolean).join(' · ')}</div></header>
      <div className="tabs" role="tablist">{tabs.map(([name, label]) => <button key={name} type="button" role="tab" aria-selected={tab === name} onClick={() => setTab(name)}>{label}</button>)}</div>
      <div role="tabpanel">
        {tab === 'pages' && bill.files.flatMap(file => Array.from({ length: Math.max(1, file.page_count ?? 1) }, (_, i) => (
          <figure key={`${file.id}-${i}`}>
            <img src={`/api/v1/files/${file.id}?variant=page&n=${i + 1}&size=1200`} alt={`${file.name} ${i + 1}`} loading="lazy" onError={event => { event.currentTarget.hidden = true }} />
            <figcaption>{kindName(file.kind)} · <a href={`/api/v1/files/${file.id}?download=1`} download>{file.name}</a></figcaption>
          </figure>
        )))}
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
