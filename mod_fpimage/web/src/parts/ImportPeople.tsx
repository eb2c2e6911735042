/** Users, organisations or scan points from a list: a template to fill in, a trial that says what would become of each
 *  line, and only then the storing. */
import { Button, Checkbox, Modal } from 'antd'
import { useRef, useState } from 'react'
import { call, query } from '../api/client'
import { memberName } from '../pages/audit'
import { say } from '../words'
import { Failure } from './Failure'
import { Mark } from './Mark'
import { useAct } from './use'

interface Line { line: number; subject: string | null; result: string; field: string | null; reason: string | null; changes: Record<string, unknown> | null; one_time_password: string | null }
interface Report { is_dry_run: boolean; is_stored: boolean; added: number; changed: number; unchanged: number; refused: number; lines: Line[] }

const results = (): Record<string, [string, string]> => ({
  ADDED: [say('新增', 'added'), 'green'], CHANGED: [say('更新', 'changed'), 'blue'], UNCHANGED: [say('未变', 'unchanged'), 'default'],
  REFUSED: [say('有误', 'refused'), 'red'], NOT_STORED: [say('未保存', 'not stored'), 'orange'],
})
const SHOWN = 200
/** What needs somebody first: refusals, then passwords that are told only now. */
const weight = (line: Line) => line.result === 'REFUSED' ? 0 : line.one_time_password ? 1 : line.result === 'UNCHANGED' ? 3 : 2

/** No cell of it is a formula where it is opened. */
const cell = (value: unknown) => { const text = String(value ?? ''); return `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"` }

function saveReport(report: Report) {
  const head = [say('行', 'line'), say('对象', 'who'), say('结果', 'result'), say('字段', 'field'), say('原因', 'reason'), say('一次性密码', 'one-time password')]
  const lines = report.lines.map(one => [one.line, one.subject, results()[one.result]?.[0] ?? one.result, one.field, one.reason, one.one_time_password])
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob(['\ufeff' + [head, ...lines].map(line => line.map(cell).join(',')).join('\r\n')], { type: 'text/csv' }))
  link.download = 'import.csv'
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
}

function Lines({ report }: { report: Report }) {
  const shown = [...report.lines].sort((a, b) => weight(a) - weight(b) || a.line - b.line).slice(0, SHOWN)
  const [line, outcome, why] = [say('行', 'Line'), say('结果', 'Result'), say('说明', 'Why')]
  const hasPasswords = report.lines.some(one => one.one_time_password)
  return (
    <>
      <p role="status" data-testid="import-report">
        {say(`新增 ${report.added}，更新 ${report.changed}，未变 ${report.unchanged}，有误 ${report.refused}。`, `${report.added} added, ${report.changed} changed, ${report.unchanged} unchanged, ${report.refused} refused. `)}
        <strong>{report.is_stored ? say('已保存。', 'Stored.') : report.is_dry_run ? say('这是试算，尚未保存。', 'A trial: nothing is stored yet.') : say('未保存。', 'Nothing is stored.')}</strong>
      </p>
      {hasPasswords && <p className="hint">{say('一次性密码只显示这一次，请下载结果并转交本人；首次登录时必须修改。', 'The one-time passwords are shown only now: download the result and hand them over. They must be changed at the first sign-in.')}</p>}
      <div className="table-frame" role="region" tabIndex={0} aria-label={say('逐行结果', 'Line by line')}>
        <table className="table">
          <thead><tr>{[line, say('对象', 'Who'), outcome, why].map(one => <th key={one} scope="col">{one}</th>)}</tr></thead>
          <tbody>{shown.map(one => (
            <tr key={one.line}>
              <td data-label={line}>{one.line}</td><td className="main">{one.subject}</td><td data-label={outcome}><Mark color={results()[one.result]?.[1]}>{results()[one.result]?.[0] ?? one.result}</Mark></td>
              <td data-label={why}><div className="cell">{one.field && <strong>{memberName(one.field)}</strong>} {one.reason}{one.one_time_password && <code>{one.one_time_password}</code>}{one.result === 'CHANGED' && one.changes && Object.keys(one.changes).map(memberName).join(say('、', ', '))}</div></td>
            </tr>
          ))}</tbody>
        </table>
      </div>
      {report.lines.length > SHOWN && <p className="hint">{say(`只显示 ${SHOWN} 行，全部 ${report.lines.length} 行请下载结果。`, `${SHOWN} of ${report.lines.length} lines; download the result for all of them.`)}</p>}
      <Button size="small" onClick={() => saveReport(report)}>{say('下载结果', 'Download the result')}</Button>
    </>
  )
}

function Dialog({ path, hasPasswords, onClose, onDone }: { path: string; hasPasswords?: boolean; onClose: () => void; onDone: () => void }) {
  const [file, setFile] = useState<File | null>(null)
  const [partial, setPartial] = useState(false)
  const [passwords, setPasswords] = useState(false)
  const [report, setReport] = useState<Report | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const act = useAct()
  const send = (chosen: File, isDry: boolean) => act.run(async () => {
    setReport(null)
    const got = await call<Report>(path + query({ dry_run: isDry || undefined, partial: partial || undefined, passwords: passwords && !isDry ? true : undefined }), { method: 'POST', body: new Blob([chosen]) })
    setReport(got)
    if (got.is_stored) { setFile(null); onDone() }
  })
  const isReady = !!file && !!report?.is_dry_run && report.added + report.changed > 0 && (partial || !report.refused)
  return (
    <Modal open title={say('批量导入', 'Import')} onCancel={onClose} width={760} footer={null} mask={{ closable: false }} className="import-people">
      <p className="hint">
        {say('下载模板填写后上传：CSV（UTF-8 或 GBK）或 xlsx，最多 10,000 行。先试算并逐行给出结果，确认后才保存；空单元格表示不修改。', 'Fill in the template: CSV (UTF-8 or GBK) or xlsx, at most 10,000 lines. First it is tried and each line told of; it is stored when you say so. A blank cell leaves what is there.')}
      </p>
      <div className="row"><a href={`${path}?format=xlsx`} download>{say('模板 xlsx', 'Template, xlsx')}</a><a href={`${path}?format=csv`} download>{say('模板 CSV', 'Template, CSV')}</a></div>
      <div className="row">
        <Checkbox checked={partial} onChange={event => setPartial(event.target.checked)}>{say('有误的行跳过，其余保存', 'Store the right lines')}</Checkbox>
        {hasPasswords && <Checkbox checked={passwords} onChange={event => setPasswords(event.target.checked)}>{say('为新用户生成一次性密码（最多 100 人）', 'One-time passwords for new users (100 at most)')}</Checkbox>}
      </div>
      <div className="row end">
        <Button type={isReady ? 'default' : 'primary'} loading={act.isBusy && !file} onClick={() => input.current?.click()}>{file ? say('换一个文件', 'Another file') : say('选择文件', 'Choose the file')}</Button>
        <Button type="primary" disabled={!isReady} loading={act.isBusy} onClick={() => file && send(file, false)}>{say('导入', 'Store')}</Button>
      </div>
      <input ref={input} type="file" accept=".csv,.xlsx" className="unseen" tabIndex={-1} aria-hidden="true" data-testid="import-people"
             onChange={event => { const chosen = event.currentTarget.files?.[0]; event.currentTarget.value = ''; if (chosen) { setFile(chosen); void send(chosen, true) } }} />
      {file && <p className="quiet">{file.name}</p>}
      <Failure error={act.error} />
      {report && <Lines report={report} />}
    </Modal>
  )
}

export function ImportPeople({ path, hasPasswords, onDone }: { path: string; hasPasswords?: boolean; onDone: () => void }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>{say('批量导入', 'Import')}</Button>
      {isOpen && <Dialog path={path} hasPasswords={hasPasswords} onClose={() => setOpen(false)} onDone={onDone} />}
    </>
  )
}
