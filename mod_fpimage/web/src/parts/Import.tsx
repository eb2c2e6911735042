/** Many at once from a file, CSV or xlsx: what became of each line, and nothing stored unless all is right (or so said). */
import { Button, Checkbox, Modal } from 'antd'
import { useRef, useState } from 'react'
import { call, query } from '../api/client'
import { say } from '../words'
import { Failure } from './Failure'
import { Mark } from './Mark'
import { useAct } from './use'

interface Line { line: number; client_id: string | null; result: string; field: string | null; reason: string | null }
interface Report { stored: number; refused: number; lines: Line[] }

const names: Record<string, [string, string, string]> = { ADDED: ['已新增', 'added', 'green'], CHANGED: ['已更新', 'changed', 'green'], REFUSED: ['有误', 'refused', 'red'], NOT_STORED: ['未保存', 'not stored', 'orange'] }

export function Import({ path, columns, onDone }: { path: string; columns: string; onDone: () => void }) {
  const [isOpen, setOpen] = useState(false)
  const [unchecked, setUnchecked] = useState(false)
  const [partial, setPartial] = useState(false)
  const [report, setReport] = useState<Report | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const act = useAct()
  const send = (file: File) => act.run(async () => {
    setReport(null)
    setReport(await call<Report>(path + query({ unchecked: unchecked || undefined, partial: partial || undefined }), { body: new Blob([file]) }))
    onDone()
  })
  return (
    <>
      <Button onClick={() => setOpen(true)}>{say('批量导入', 'Import')}</Button>
      <Modal open={isOpen} title={say('批量导入', 'Import')} footer={null} onCancel={() => { setOpen(false); setReport(null); act.clear() }} width={720}>
        <p className="hint">{say(`CSV 或 xlsx，首行为列名：${columns}。逐行校验并给出结果。`, `CSV or xlsx; the first line names the columns: ${columns}. Each line is checked and told.`)}</p>
        <div className="row">
          <Checkbox checked={partial} onChange={event => setPartial(event.target.checked)}>{say('有误的行跳过，其余保存', 'Store the right lines')}</Checkbox>
          <Checkbox checked={unchecked} onChange={event => setUnchecked(event.target.checked)}>{say('不向发票云校验', 'Without the check at the cloud')}</Checkbox>
        </div>
        <div className="row end"><Button type="primary" loading={act.isBusy} onClick={() => input.current?.click()}>{say('选择文件', 'Choose the file')}</Button></div>
        <input ref={input} type="file" accept=".csv,.xlsx" className="unseen" tabIndex={-1} aria-hidden="true" data-testid="import"
               onChange={event => { const file = event.currentTarget.files?.[0]; event.currentTarget.value = ''; if (file) void send(file) }} />
        <Failure error={act.error} />
        {report && (
          <>
            <p role="status">{say(`保存 ${report.stored} 行，有误 ${report.refused} 行`, `${report.stored} lines stored, ${report.refused} refused`)}</p>
            <ul>{report.lines.map(one => { const [zh, en, tone] = names[one.result] ?? [one.result, one.result, '']; return <li key={one.line}>{say(`第 ${one.line} 行`, `line ${one.line}`)} {one.client_id} <Mark color={tone}>{say(zh, en)}</Mark> {one.field && <code>{one.field}</code>} {one.reason}</li> })}</ul>
          </>
        )}
      </Modal>
    </>
  )
}
