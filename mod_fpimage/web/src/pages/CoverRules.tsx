/** Image-code rules: what the text of a cover's QR must look like to be an image number; tried on the way. */
import { App, Button, Checkbox, Input, InputNumber, Modal, Select } from 'antd'
import { useEffect, useState } from 'react'
import { call } from '../api/client'
import type { Listed } from '../api/types'
import { BillType, useTypeName } from '../parts/BillType'
import { Ask, type Question } from '../parts/Ask'
import { Failure } from '../parts/Failure'
import { Page } from '../parts/Page'
import { useAct, useLoad } from '../parts/use'
import { say } from '../words'
import { Mark } from '../parts/Mark'

interface Part { kind: 'CONSTANT' | 'DIGITS'; text?: string; least?: number; most?: number }
interface Rule { id?: number; name: string; separator: string; parts: Part[]; is_enabled: boolean; bill_type?: string | null; version?: number }
interface Preview { number: string | null; rule: string | null; why_not: { rule?: string; why?: string }[] | string[] }

const separators = () => [['', say('无', 'none')], ['-', '-'], ['/', '/'], ['.', '.'], ['\\', '\\']].map(([value, label]) => ({ value, label }))

export const shapeOf = (rule: Rule) => rule.parts.map(part => part.kind === 'CONSTANT' ? part.text : part.least === part.most ? say(`${part.least}位数字`, `${part.least} digits`) : say(`${part.least}–${part.most}位数字`, `${part.least}–${part.most} digits`)).join(rule.separator ? ` ${rule.separator} ` : ' + ')

function Try({ rule }: { rule?: Rule }) {
  const [text, setText] = useState('')
  const [answer, setAnswer] = useState<Preview | null>(null)
  const [error, setError] = useState<unknown>(null)
  const said = JSON.stringify(rule ? { ...rule, id: undefined, version: undefined } : null)
  useEffect(() => {
    if (!text.trim()) { setAnswer(null); return }
    const timer = setTimeout(() => {
      call<Preview>('/api/v1/cover-rules/preview', { body: { text, ...(rule ? { rule: JSON.parse(said) } : {}) } }).then(got => { setAnswer(got); setError(null) }, setError)
    }, 250)
    return () => clearTimeout(timer)
  }, [text, said, rule])
  const why = answer?.why_not.map(one => typeof one === 'string' ? one : [one.rule, one.why].filter(Boolean).join('：')).join('；')
  return (
    <div className="try">
      <label className="stack">{say('试一试：封面二维码的内容', 'Try it: the text of a cover’s QR')}<Input value={text} maxLength={200} onChange={event => setText(event.target.value)} placeholder="BX-2026-0001" /></label>
      <Failure error={error} />
      <div role="status">
        {answer && (answer.number ? <><Mark color="green">{say('是封面', 'a cover')}</Mark> {say('影像编号', 'image number')} <strong>{answer.number}</strong>{answer.rule && answer.rule !== 'default' && ` · ${answer.rule}`}</>
          : <><Mark color="orange">{say('不是封面', 'no cover')}</Mark> {why}</>)}
      </div>
    </div>
  )
}

function PartRow({ part, onChange, onDrop }: { part: Part; onChange: (part: Part) => void; onDrop: () => void }) {
  return (
    <div className="part">
      <Select value={part.kind} aria-label={say('段的种类', 'Kind of part')} options={[{ value: 'CONSTANT', label: say('固定文字', 'constant') }, { value: 'DIGITS', label: say('数字', 'digits') }]}
              onChange={kind => onChange(kind === 'CONSTANT' ? { kind, text: '' } : { kind, least: 4, most: 4 })} />
      {part.kind === 'CONSTANT' ? <Input value={part.text} aria-label={say('固定文字', 'Constant')} maxLength={50} onChange={event => onChange({ ...part, text: event.target.value })} /> : (
        <>
          <InputNumber min={1} max={30} value={part.least} aria-label={say('最少位数', 'Fewest digits')} onChange={least => onChange({ ...part, least: least ?? 1, most: Math.max(least ?? 1, part.most ?? 1) })} />
          <span>–</span>
          <InputNumber min={part.least} max={30} value={part.most} aria-label={say('最多位数', 'Most digits')} onChange={most => onChange({ ...part, most: most ?? part.least })} />
          <span>{say('位', 'digits')}</span>
        </>
      )}
      <Button size="small" onClick={onDrop} aria-label={say('删除此段', 'Drop this part')}>✕</Button>
    </div>
  )
}

function Edit({ rule, onDone }: { rule: Rule; onDone: (isSaved: boolean) => void }) {
  const [now, setNow] = useState(rule)
  const act = useAct()
  const setPart = (i: number, part: Part | null) => setNow({ ...now, parts: part ? now.parts.map((one, j) => (j === i ? part : one)) : now.parts.filter((_, j) => j !== i) })
  const save = async () => {
    const body = { name: now.name.trim(), separator: now.separator, parts: now.parts, is_enabled: now.is_enabled, bill_type: now.bill_type ?? null, ...(now.version !== undefined ? { version: now.version } : {}) }
    const done = await act.run(() => call('/api/v1/cover-rules' + (now.id ? `/${now.id}` : ''), { method: now.id ? 'PUT' : 'POST', body }))
    if (done) onDone(true)
  }
  return (
    <Modal open title={now.id ? say('修改规则', 'Change the rule') : say('新规则', 'A new rule')} onCancel={() => onDone(false)} onOk={save} confirmLoading={act.isBusy}
           okText={say('保存', 'Save')} cancelText={say('取消', 'Cancel')} okButtonProps={{ disabled: !now.name.trim() || !now.parts.length }}>
      <Failure error={act.error} />
      <label className="stack">{say('名称', 'Name')}<Input autoFocus value={now.name} maxLength={100} onChange={event => setNow({ ...now, name: event.target.value })} /></label>
      <label className="stack">{say('分隔符', 'Separator')}<Select value={now.separator} options={separators()} aria-label={say('分隔符', 'Separator')} onChange={separator => setNow({ ...now, separator })} /></label>
      <fieldset className="plain"><legend>{say('组成', 'Parts')}</legend>
        {now.parts.map((part, i) => <PartRow key={i} part={part} onChange={next => setPart(i, next)} onDrop={() => setPart(i, null)} />)}
        <Button onClick={() => setNow({ ...now, parts: [...now.parts, { kind: 'DIGITS', least: 4, most: 4 }] })}>{say('添加一段', 'Add a part')}</Button>
      </fieldset>
      <label className="stack"><span>{say('单据类型', 'Bill type')}</span><BillType value={now.bill_type ?? null} onChange={bill_type => setNow({ ...now, bill_type })} unsaid={say('不指定', 'not said')} />
        <span className="quiet">{say('此规则的新单据默认为该类型；采集时可改', 'What new bills of this rule are, unless a clerk says another')}</span></label>
      <Checkbox checked={now.is_enabled} onChange={event => setNow({ ...now, is_enabled: event.target.checked })}>{say('启用', 'Enabled')}</Checkbox>
      {now.parts.length > 0 && <Try rule={now} />}
    </Modal>
  )
}

export default function CoverRules() {
  const { message } = App.useApp()
  const rules = useLoad(signal => call<Listed<Rule>>('/api/v1/cover-rules?page_size=100', { signal }), [])
  const [edited, setEdited] = useState<Rule | null>(null)
  const [question, setQuestion] = useState<Question | null>(null)
  const items = rules.data?.items ?? []
  const typeName = useTypeName()
  const drop = (rule: Rule) => setQuestion({ title: say(`删除规则 ${rule.name}？`, `Remove rule ${rule.name}?`), isDanger: true, run: () => call(`/api/v1/cover-rules/${rule.id}`, { method: 'DELETE', headers: { 'If-Match': `"${rule.version}"` } }) })
  return (
    <Page title={say('影像编码规则', 'Image-code rules')} actions={<Button type="primary" onClick={() => setEdited({ name: '', separator: '-', is_enabled: true, parts: [{ kind: 'CONSTANT', text: 'BX' }, { kind: 'DIGITS', least: 4, most: 8 }] })}>{say('新规则', 'New rule')}</Button>}>
      <p className="hint">{say('没有启用的规则时：二维码内容含连字符且不含 , ^ | ; } 即为封面。只认二维码，条形码封面会提示更换打印模板。', 'With no rule enabled, a QR text with a hyphen and none of , ^ | ; } is a cover. Only QR codes count.')}</p>
      <Failure error={rules.error} onRetry={rules.again} />
      {(rules.data || !rules.error) && <div className="table-frame" role="region" tabIndex={0} aria-label={say('影像编码规则', 'Image-code rules')}>
        <table className="table">
          <thead><tr><th scope="col">{say('名称', 'Name')}</th><th scope="col">{say('形式', 'Shape')}</th><th scope="col">{say('单据类型', 'Bill type')}</th><th scope="col">{say('状态', 'State')}</th><th scope="col"><span className="unseen">{say('操作', 'Acts')}</span></th></tr></thead>
          <tbody>{items.map(rule => (
            <tr key={rule.id}>
              <td className="main">{rule.name}</td><td data-label={say('形式', 'Shape')}><code>{shapeOf(rule)}</code></td><td data-label={say('单据类型', 'Bill type')}>{rule.bill_type ? typeName(rule.bill_type) : say('不指定', 'not said')}</td>
              <td data-label={say('状态', 'State')}>{rule.is_enabled ? <Mark color="green">{say('启用', 'enabled')}</Mark> : <Mark>{say('停用', 'disabled')}</Mark>}</td>
              <td><span className="row-acts"><Button size="small" onClick={() => setEdited(rule)}>{say('修改', 'Change')}</Button><Button size="small" danger onClick={() => drop(rule)}>{say('删除', 'Remove')}</Button></span></td>
            </tr>
          ))}</tbody>
        </table>
        {!rules.isLoading && !items.length && <div className="empty">{say('没有规则，使用默认判断', 'No rules: the default holds')}</div>}
      </div>}
      <Try />
      {edited && <Edit rule={edited} onDone={isSaved => { setEdited(null); if (isSaved) { message.success(say('已保存', 'Saved')); rules.again() } }} />}
      <Ask question={question} onDone={isDone => { setQuestion(null); if (isDone) rules.again() }} />
    </Page>
  )
}
