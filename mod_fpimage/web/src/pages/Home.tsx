/** What waits for somebody: each number leads to the list that it counts. */
import { Button } from 'antd'
import { call, query } from '../api/client'
import type { Bill, Listed } from '../api/types'
import { Failure } from '../parts/Failure'
import { Page } from '../parts/Page'
import { useLoad } from '../parts/use'
import { go, Link } from '../router'
import { useWho } from '../session'
import { say, time } from '../words'
import { Reason, StateTag } from './state'

const SENT_BACK = 5

interface Counts { refused_pushes?: { count: number; is_bound: boolean } }
interface Card { key: string; inHome?: keyof Counts; title: string; page?: string; needs?: string; filter: Record<string, string>; tone?: 'warn' | 'bad' }

const cards = (): Card[] => [
  { key: 'rescan', title: say('待重扫', 'To rescan'), filter: { state: 'RESCAN' }, tone: 'warn' },
  { key: 'match', title: say('匹配失败', 'Match failed'), filter: { state: 'MISMATCH' }, tone: 'bad' },
  { key: 'failed', title: say('处理失败', 'Failed'), filter: { state: 'FAILED' }, tone: 'bad' },
  { key: 'waiting', title: say('待上传', 'Awaiting upload'), filter: { state: 'WAITING' } },
  { key: 'uploaded', title: say('待提交', 'To submit'), filter: { state: 'UPLOADED' } },
  { key: 'deliveries', title: say('ERP 通知搁置', 'ERP notices parked'), page: 'deliveries', needs: 'DELIVERY', filter: { state: 'PARKED' }, tone: 'bad' },
  { key: 'pushes', inHome: 'refused_pushes', title: say('一周内拒绝的推送', 'Pushes refused this week'), page: 'pushes', needs: 'DELIVERY', filter: { status: 'REFUSED' }, tone: 'bad' },
]

async function countOf(card: Card, signal: AbortSignal): Promise<{ total: number; total_is_bound?: boolean }> {
  if (card.inHome) {
    const found = (await call<Counts>('/api/v1/home', { signal }))[card.inHome]
    return { total: found?.count ?? 0, total_is_bound: found?.is_bound }
  }
  return (await call<Listed<Bill>>(`/api/v1/${card.page ?? 'bills'}` + query({ ...card.filter, page_size: 1 }), { signal })).pagination
}

function CountCard({ card }: { card: Card }) {
  const load = useLoad(signal => countOf(card, signal), [card.key])
  const count = load.data
  return (
    <Link to={`/${card.page ?? 'bills'}${query(card.filter)}`} className={'card ' + (count?.total ? card.tone ?? '' : '')}>
      <strong>{count ? count.total + (count.total_is_bound ? '+' : '') : load.error ? '—' : '…'}</strong>
      <span>{card.title}</span>
    </Link>
  )
}

/** Those that were sent back, with what is asked for, so that nobody has to look for it. */
function SentBack() {
  const load = useLoad(signal => call<Listed<Bill>>('/api/v1/bills' + query({ state: 'RESCAN', page_size: SENT_BACK, sort: '-updated_at' }), { signal }), [])
  if (!load.data?.items.length) return null
  return (
    <>
      <h2>{say('退回待重扫', 'Sent back, to be scanned again')}</h2>
      <ul className="latest">
        {load.data.items.map(bill => <li key={bill.id}><Link to={`/bills/${bill.id}`}>{bill.number}</Link><Reason bill={bill} /><span className="quiet">{time(bill.updated_at)}</span></li>)}
      </ul>
    </>
  )
}

export default function Home() {
  const { session, may } = useWho()
  const latest = useLoad(signal => call<Listed<Bill>>('/api/v1/bills?page_size=8&sort=-updated_at', { signal }), [])
  return (
    <Page title={say(`${session.user.name}，您好`, `Hello, ${session.user.name}`)}
          actions={may('CAPTURE') && <Button type="primary" size="large" onClick={() => go('/capture')}>{say('采集影像', 'Capture')}</Button>}>
      <div className="cards">{cards().filter(one => !one.needs || may(one.needs)).map(one => <CountCard key={one.key} card={one} />)}</div>
      <SentBack />
      <h2>{say('最近变动的单据', 'Bills changed last')}</h2>
      <Failure error={latest.error} onRetry={latest.again} />
      <ul className="latest">
        {latest.data?.items.map(bill => (
          <li key={bill.id}>
            <Link to={`/bills/${bill.id}`}>{bill.number}</Link><StateTag bill={bill} />
            <span>{bill.applicant_name}</span><span className="quiet">{time(bill.updated_at)}</span>
          </li>
        ))}
      </ul>
      {latest.data?.items.length === 0 && <div className="empty">{say('还没有单据。ERP 推送单据或采集影像后会出现在这里。', 'No bills yet. They appear once the ERP announces one, or you capture pages.')}</div>}
    </Page>
  )
}
