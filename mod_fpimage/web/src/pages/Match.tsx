/** The match of one bill: what was announced and what was found side by side, what differs, and what may belong together. */
import { App, Button } from 'antd'
import { useState } from 'react'
import { call } from '../api/client'
import { Failure } from '../parts/Failure'
import { Mark } from '../parts/Mark'
import { Page } from '../parts/Page'
import { useAct, useLoad, useStale } from '../parts/use'
import { go, Link } from '../router'
import { useWho } from '../session'
import { money, say } from '../words'
import { fieldName, sourceName } from './state'

interface Side { id?: number; number: string | null; code?: string | null; date: string | null; gross: string | null; net?: string | null; tax?: string | null; seller_name: string | null; file_id?: number; page?: number; source?: string; editor?: string | null }
interface Hint { found_id?: number; invoice_id?: number; score: number; same: string[] }
interface Item {
  verdict: 'MATCHED' | 'DIFFERS' | 'MISSING' | 'EXTRA'; tie: string; is_required: boolean; words: string; invoice: Side | null; found: Side | null
  differences: { field: string; expected: string | null; found: string | null; why: string; found_id: number }[]; suggestions: Hint[]
}
interface Answer {
  bill_id: number; bill_number: string; state: string; version: number; result: string; reason: string | null; counts: Record<string, number>; rules: Record<string, boolean>
  items: Item[]; pairs?: { invoice_id: number; found_id: number; is_apart: boolean; actor: string }[]; unread?: { file_id: number; name: string }[]
}

const verdictOf = (verdict: Item['verdict']): [string, string] => ({
  MATCHED: [say('已匹配', 'matched'), 'green'], DIFFERS: [say('有差异', 'differs'), 'red'], MISSING: [say('缺影像', 'missing'), 'orange'], EXTRA: [say('多余', 'extra'), 'gold'],
}[verdict] as [string, string])

const SUMS = ['net', 'tax', 'gross']
const valueOf = (field: string, value: string | null) => (value === null ? '—' : SUMS.includes(field) ? `¥${money(value)}` : value)

function SideView({ side, empty }: { side: Side | null; empty: string }) {
  if (!side) return <div className="side none">{empty}</div>
  return (
    <div className="side">
      <strong>{side.number ?? '—'}</strong> {side.source && <Mark>{sourceName(side.source)}</Mark>}
      <div className="quiet">{side.date} · {side.gross ? `¥${money(side.gross)}` : '—'}</div>
      <div>{side.seller_name}</div>
    </div>
  )
}

export default function Match({ id }: { id: number }) {
  const { message } = App.useApp()
  const { may } = useWho()
  const [round, setRound] = useState(0)
  const act = useAct()
  const load = useLoad(signal => call<Answer>(`/api/v1/bills/${id}/match`, { signal }), [id, round])
  useStale(() => setRound(n => n + 1))
  const match = load.data
  const mayMatch = may('MATCH')
  const run = (body: object, done: string) => act.run(async () => {
    await call(`/api/v1/bills/${id}/match`, { body: { version: match?.version, ...body } })
    message.success(done)
    setRound(n => n + 1)
  })
  const founds = new Map((match?.items ?? []).filter(one => one.found?.id).map(one => [one.found!.id, one.found!]))
  const expected = new Map((match?.items ?? []).filter(one => one.invoice?.id).map(one => [one.invoice!.id, one.invoice!]))

  return (
    <Page title={say(`匹配 ${match?.bill_number ?? ''}`, `Match of ${match?.bill_number ?? ''}`)} actions={
      <>
        {mayMatch && match && <Button loading={act.isBusy} onClick={() => run({ action: 'rerun' }, say('已重新匹配', 'Matched anew'))}>{say('重新匹配', 'Match anew')}</Button>}
        <Button onClick={() => go(`/bills/${id}`)}>{say('返回单据', 'Back to the bill')}</Button>
      </>
    }>
      <Failure error={load.error ?? act.error} onRetry={act.error ? undefined : load.again} onClose={act.error ? act.clear : undefined} />
      {load.isLoading && !match && <div className="empty">{say('正在加载…', 'Loading…')}</div>}
      {match && (
        <>
          <p role="status"><Mark color={match.result === 'MATCHED' ? 'green' : 'red'}>{match.result === 'MATCHED' ? say('全部匹配', 'all matched') : say('未全部匹配', 'not all matched')}</Mark> {match.reason}</p>
          <p className="quiet">{say(`应有 ${match.counts.expected} 张，已匹配 ${match.counts.matched}，有差异 ${match.counts.differs}，缺 ${match.counts.missing}，多 ${match.counts.extra}`,
            `${match.counts.expected} expected: ${match.counts.matched} matched, ${match.counts.differs} differ, ${match.counts.missing} missing, ${match.counts.extra} extra`)}</p>
          <div className="match" role="table" aria-label={say('匹配结果', 'Match result')}>
            <div role="row" className="match-row match-head"><span role="columnheader">{say('收票单（应有）', 'Announced')}</span><span role="columnheader">{say('影像（实有）', 'Found')}</span><span role="columnheader">{say('结论', 'Verdict')}</span></div>
            {match.items.map((item, i) => {
              const [name, tone] = verdictOf(item.verdict)
              return (
                <div key={i} role="row" className={'match-row ' + item.verdict.toLowerCase()}>
                  <div role="cell" data-label={say('应有', 'Announced')}><SideView side={item.invoice} empty={say('收票单上没有', 'not announced')} /></div>
                  <div role="cell" data-label={say('实有', 'Found')}><SideView side={item.found} empty={say('没有找到影像', 'no image')} /></div>
                  <div role="cell">
                    <Mark color={tone}>{name}</Mark> {item.differences.length === 0 && item.verdict === 'MATCHED' && item.words !== name && item.words}
                    {item.differences.length > 0 && <table className="diffs"><thead><tr><th scope="col">{say('字段', 'Field')}</th><th scope="col">{say('应为', 'Announced')}</th><th scope="col">{say('实为', 'Found')}</th></tr></thead>
                      <tbody>{item.differences.map(one => <tr key={one.field}><th scope="row">{fieldName(one.field)}</th><td>{valueOf(one.field, one.expected)}</td><td><strong>{valueOf(one.field, one.found)}</strong></td></tr>)}</tbody></table>}
                    <div className="row">
                      {mayMatch && item.suggestions.map(hint => {
                        const other = hint.found_id ? founds.get(hint.found_id) : expected.get(hint.invoice_id)
                        const pair = hint.found_id ? { invoice_id: item.invoice?.id, found_id: hint.found_id } : { invoice_id: hint.invoice_id, found_id: item.found?.id }
                        return <Button key={`${hint.found_id}-${hint.invoice_id}`} size="small" onClick={() => run({ action: 'pair', ...pair }, say('已配对', 'Paired'))}>
                          {say('与 ', 'Pair with ')}{other?.number ?? other?.seller_name ?? hint.found_id ?? hint.invoice_id}{say(' 配对', '')}{hint.same.length > 0 && say(`（${hint.same.map(fieldName).join('、')}）`, ` (${hint.same.map(fieldName).join(', ')})`)}
                        </Button>
                      })}
                      {mayMatch && item.invoice && item.found && <Button size="small" onClick={() => run({ action: 'unpair', invoice_id: item.invoice?.id, found_id: item.found?.id }, say('已拆开', 'Set apart'))}>{say('拆开', 'Set apart')}</Button>}
                      {item.found?.file_id && <Link to={`/bills/${id}?file=${item.found.file_id}${item.found.page ? `&page=${item.found.page}` : ''}`}>{say('查看影像', 'See the image')}</Link>}
                    </div>
                  </div>
                </div>
              )
            })}
          </div>
          {!!match.unread?.length && <p className="problem">{say('这些发票文件没有识别出内容：', 'Nothing was read from: ')}{match.unread.map(one => one.name).join('、')} · <Link to={`/bills/${id}`}>{say('到单据中更正', 'correct it on the bill')}</Link></p>}
        </>
      )}
    </Page>
  )
}
