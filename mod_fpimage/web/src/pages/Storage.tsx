/** How much space is used, and how much is left. */
import { call } from '../api/client'
import { Failure } from '../parts/Failure'
import { Page } from '../parts/Page'
import { useLoad } from '../parts/use'
import { say, size, time } from '../words'

interface Usage { month?: string; code?: string; name?: string; bills: number; files: number; bytes: number }
interface Answer { months: Usage[]; bill_types: Usage[]; as_of: string; free_bytes: number; originals?: number; original_bytes?: number; database_bytes?: number; spool_bytes?: number }

function Table({ title, rows, nameOf }: { title: string; rows: Usage[]; nameOf: (row: Usage) => string }) {
  const most = Math.max(1, ...rows.map(one => one.bytes))
  return (
    <>
      <h2>{title}</h2>
      <div className="table-frame" role="region" tabIndex={0} aria-label={title}>
        <table className="table">
          <thead><tr><th scope="col">{title}</th><th scope="col" className="number">{say('单据', 'Bills')}</th><th scope="col" className="number">{say('文件', 'Files')}</th><th scope="col" className="number">{say('空间', 'Space')}</th><th scope="col"><span className="unseen">{say('比例', 'Share')}</span></th></tr></thead>
          <tbody>{rows.map(row => (
            <tr key={nameOf(row)}>
              <td className="main">{nameOf(row)}</td><td className="number" data-label={say('单据', 'Bills')}>{row.bills}</td><td className="number" data-label={say('文件', 'Files')}>{row.files}</td>
              <td className="number" data-label={say('空间', 'Space')}>{size(row.bytes)}</td><td><div className="share" style={{ width: `${100 * row.bytes / most}%` }} /></td>
            </tr>
          ))}</tbody>
        </table>
        {!rows.length && <div className="empty">{say('还没有文件', 'No files yet')}</div>}
      </div>
    </>
  )
}

export default function Storage() {
  const load = useLoad(signal => call<Answer>('/api/v1/storage', { signal }), [])
  const all = load.data
  const facts: [string, number | undefined][] = all ? [[say('剩余空间', 'Free'), all.free_bytes], [say('原始影像', 'Originals'), all.original_bytes], [say('数据库', 'Database'), all.database_bytes], [say('接收中', 'Coming in'), all.spool_bytes]] : []
  return (
    <Page title={say('存储用量', 'Storage')}>
      <Failure error={load.error} onRetry={load.again} />
      <div className="cards">{facts.filter(([, bytes]) => bytes !== undefined).map(([name, bytes]) => <div key={name} className="card"><strong>{size(bytes)}</strong><span>{name}</span></div>)}</div>
      {all && <><Table title={say('月份', 'Month')} rows={all.months} nameOf={row => row.month ?? ''} />
        <Table title={say('单据类型', 'Bill type')} rows={all.bill_types} nameOf={row => row.name || row.code || say('（无类型）', '(none)')} />
        <p className="quiet">{say('统计于 ', 'as of ')}{time(all.as_of)}</p></>}
    </Page>
  )
}
