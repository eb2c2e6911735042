/** Which formats each entry takes. */
import { App, Button, Checkbox } from 'antd'
import { useEffect, useState } from 'react'
import { call } from '../api/client'
import { Failure } from '../parts/Failure'
import { Page } from '../parts/Page'
import { useAct, useLoad } from '../parts/use'
import { say } from '../words'
import { formatName } from './state'

interface Entry { entry: string; formats: string[]; available: string[] }

const entryName = (entry: string): string => ({ UPLOAD: say('单据上传', 'Upload to a bill'), CAPTURE: say('影像采集', 'Capture'), ERP: say('ERP 接口', 'The ERP') }[entry] ?? entry)

export default function FileFormats() {
  const { message } = App.useApp()
  const load = useLoad(signal => call<{ items: Entry[] }>('/api/v1/file-formats', { signal }), [])
  const [entries, setEntries] = useState<Entry[]>([])
  const act = useAct()
  useEffect(() => { if (load.data) setEntries(load.data.items) }, [load.data])
  const toggle = (entry: string, format: string) => setEntries(entries.map(one => one.entry !== entry ? one
    : { ...one, formats: one.formats.includes(format) ? one.formats.filter(each => each !== format) : one.available.filter(each => each === format || one.formats.includes(each)) }))
  const save = () => act.run(async () => {
    await call('/api/v1/file-formats', { method: 'PUT', body: { items: entries.map(({ entry, formats }) => ({ entry, formats })) } })
    message.success(say('已保存', 'Saved'))
    load.again()
  })
  const available = entries[0]?.available ?? []
  return (
    <Page title={say('文件格式', 'File formats')} actions={<Button type="primary" loading={act.isBusy} disabled={!entries.length} onClick={save}>{say('保存', 'Save')}</Button>}>
      <p className="hint">{say('以文件内容判断格式，与文件名无关。', 'The format is told by what is in a file, not by its name.')}</p>
      <Failure error={load.error ?? act.error} onRetry={load.again} />
      {entries.length > 0 && <div className="table-frame" role="region" tabIndex={0} aria-label={say('文件格式', 'File formats')}>
        <table className="table">
          <thead><tr><th scope="col">{say('格式', 'Format')}</th>{entries.map(one => <th key={one.entry} scope="col">{entryName(one.entry)}</th>)}</tr></thead>
          <tbody>{available.map(format => (
            <tr key={format}><th scope="row" className="main">{formatName(format)}</th>{entries.map(one => (
              <td key={one.entry} data-label={entryName(one.entry)}><Checkbox checked={one.formats.includes(format)} aria-label={`${formatName(format)} · ${entryName(one.entry)}`} onChange={() => toggle(one.entry, format)} /></td>
            ))}</tr>
          ))}</tbody>
        </table>
      </div>}
    </Page>
  )
}
