/** What was done, added up by day, organisation, scan point or scanner. */
import { Input, Segmented } from 'antd'
import { call, query } from '../api/client'
import { Failure } from '../parts/Failure'
import { Page } from '../parts/Page'
import { useLoad } from '../parts/use'
import { setParams, usePlace } from '../router'
import { say } from '../words'

interface Line { day?: string; id?: number; name?: string | null; bills: number; pages: number; submitted: number; sent_back: number }
interface Answer { by: string; from: string; to: string; items: Line[] }

export default function Statistics() {
  const { params } = usePlace()
  const by = params.get('by') ?? 'DAY'
  const url = '/api/v1/statistics' + query({ by, from: params.get('from'), to: params.get('to') })
  const load = useLoad(signal => call<Answer>(url, { signal }), [url])
  const kinds = [['DAY', say('日期', 'Day')], ['ORG', say('组织', 'Organisation')], ['POINT', say('扫描点', 'Scan point')], ['SCANNER', say('扫描员', 'Scanner')]].map(([value, label]) => ({ value, label }))
  const items = load.data?.items ?? []
  const most = Math.max(1, ...items.map(one => one.pages))
  return (
    <Page title={say('统计', 'Statistics')}>
      <div className="filters">
        <Segmented value={by} options={kinds} aria-label={say('按', 'By')} onChange={value => setParams({ by: value === 'DAY' ? undefined : value })} />
        <label className="filter"><span>{say('自', 'From')}</span><Input type="date" value={params.get('from') ?? load.data?.from ?? ''} onChange={event => setParams({ from: event.target.value || undefined })} /></label>
        <label className="filter"><span>{say('至', 'to')}</span><Input type="date" value={params.get('to') ?? load.data?.to ?? ''} onChange={event => setParams({ to: event.target.value || undefined })} /></label>
      </div>
      <Failure error={load.error} onRetry={load.again} />
      {(load.data || !load.error) && <div className="table-frame" role="region" tabIndex={0} aria-label={say('统计', 'Statistics')} aria-busy={load.isLoading}>
        <table className="table">
          <thead><tr><th scope="col">{kinds.find(one => one.value === by)?.label}</th>{[say('单据', 'Bills'), say('页数', 'Pages'), say('提交', 'Submitted'), say('退扫', 'Sent back')].map(one => <th key={one} scope="col" className="number">{one}</th>)}<th scope="col"><span className="unseen">{say('比例', 'Share')}</span></th></tr></thead>
          <tbody>{items.map(one => (
            <tr key={one.day ?? one.id}><td className="main">{one.day ?? one.name ?? say('（无）', '(none)')}</td><td className="number" data-label={say('单据', 'Bills')}>{one.bills}</td><td className="number" data-label={say('页数', 'Pages')}>{one.pages}</td>
              <td className="number" data-label={say('提交', 'Submitted')}>{one.submitted}</td><td className="number" data-label={say('退扫', 'Sent back')}>{one.sent_back}</td><td><div className="share" style={{ width: `${100 * one.pages / most}%` }} /></td></tr>
          ))}</tbody>
          {items.length > 1 && (
            <tfoot><tr><th scope="row" className="main">{say('合计', 'Total')}</th>{([['bills', say('单据', 'Bills')], ['pages', say('页数', 'Pages')], ['submitted', say('提交', 'Submitted')], ['sent_back', say('退扫', 'Sent back')]] as const).map(([name, title]) => (
              <td key={name} className="number" data-label={title}>{items.reduce((sum, one) => sum + one[name], 0)}</td>))}<td /></tr></tfoot>
          )}
        </table>
        {!load.isLoading && !items.length && <div className="empty">{say('这段时间没有数据', 'Nothing in these days')}</div>}
      </div>}
    </Page>
  )
}
