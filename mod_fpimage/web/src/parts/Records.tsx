/** Lists of one kind of thing that are looked at, added to and changed: all of them are this component and a
 *  description (pages/kinds.tsx). */
import { App, Button, Checkbox, Input, InputNumber, Modal, Select } from 'antd'
import { type ReactNode, useState } from 'react'
import { ApiError, call } from '../api/client'
import { useWho } from '../session'
import { say } from '../words'
import { Ask, footOf, type Question, useGiveUp } from './Ask'
import { Failure } from './Failure'
import { type Column, type Filter, List } from './List'
import { Page } from './Page'
import { useAct, useLoad } from './use'

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Row = Record<string, any>
export interface Option { value: string | number; label: string }

export interface Field {
  name: string
  title: string
  kind: 'text' | 'long' | 'secret' | 'number' | 'flag' | 'choice' | 'choices'
  options?: Option[] | (() => Promise<Option[]>)
  isRequired?: boolean
  hint?: string
  when?: 'new' | 'old'
  /** Of a row that is there; `row[name]` unless said. */
  from?: (row: Row) => unknown
  /** As the API takes it. */
  to?: (value: unknown) => unknown
  start?: unknown
  /** Only while this holds of what is typed. */
  shows?: (typed: Row) => boolean
}

export interface RowAct {
  title: string
  needs: string
  shows?: (row: Row) => boolean
  isDanger?: boolean
  needsReason?: boolean
  text?: (row: Row) => ReactNode
  run?: (row: Row, reason: string) => Promise<unknown>
  /** A dialog of its own, instead of `run`. */
  open?: (row: Row, onClose: () => void) => ReactNode
  /** What is said when it is done; nothing: "done". */
  tell?: (answer: unknown) => ReactNode
}

export interface Kind {
  page: string
  title: () => string
  path: string
  id: string
  describe: () => {
    hint?: ReactNode
    /** While there is none: what it is good for, and what to do. */
    empty?: ReactNode
    columns: Column<Row>[]
    filters?: Filter[]
    fixed?: Record<string, string>
    fields?: Field[]
    acts?: RowAct[]
    more?: (again: () => void, may: (permission: string) => boolean) => ReactNode
    /** After one was made: what must be seen once (a one-time password, say). */
    tellMade?: (answer: Row) => ReactNode
    tellChanged?: (answer: Row) => ReactNode
  }
  mayEdit?: string
  change?: 'PUT' | 'PATCH'
  mayMake?: boolean
  mayChange?: boolean
  mayDrop?: boolean
  noPages?: boolean
  isMoving?: (row: Row) => boolean
  /** In another order than the API's. */
  arrange?: (rows: Row[]) => Row[]
  nameOf?: (row: Row) => string
}

function useOptions(field: Field): Option[] {
  const load = useLoad(() => typeof field.options === 'function' ? field.options() : Promise.resolve(field.options ?? []), [field.name])
  return load.data ?? []
}

function FieldInput({ field, value, isNew, onChange }: { field: Field; value: unknown; isNew: boolean; onChange: (value: unknown) => void }) {
  const options = useOptions(field)
  switch (field.kind) {
    case 'flag': return <Checkbox checked={value === true} onChange={event => onChange(event.target.checked)}>{field.title}</Checkbox>
    case 'number': return <InputNumber value={value as number} aria-label={field.title} onChange={next => onChange(next ?? undefined)} />
    case 'choice': return <Select value={value as string} options={options} aria-label={field.title} showSearch optionFilterProp="label" allowClear={!field.isRequired} onChange={next => onChange(next ?? null)} />
    case 'choices': return <Select mode="multiple" value={(value as string[] | undefined) ?? []} options={options} aria-label={field.title} optionFilterProp="label" onChange={onChange} />
    case 'secret': return <Input.Password value={value as string} autoComplete="new-password" maxLength={500} placeholder={isNew ? undefined : say('留空表示不修改', 'empty: as it is')} onChange={event => onChange(event.target.value)} />
    case 'long': return <Input.TextArea value={value as string} rows={4} maxLength={4000} onChange={event => onChange(event.target.value)} />
    default: return <Input value={value as string} maxLength={500} onChange={event => onChange(event.target.value)} />
  }
}

function FieldLine({ field, value, isNew, isWrong, onChange }: { field: Field; value: unknown; isNew: boolean; isWrong: boolean; onChange: (value: unknown) => void }) {
  const title = field.title + (field.isRequired ? ' *' : '')
  const input = <FieldInput field={field} value={value} isNew={isNew} onChange={onChange} />
  return (
    <div className={isWrong ? 'stack wrong' : 'stack'}>
      {field.kind === 'flag' ? input : field.kind === 'choice' || field.kind === 'choices' ? <><span>{title}</span>{input}</> : <label className="stack">{title}{input}</label>}
      {field.hint && <span className="quiet">{field.hint}</span>}
    </div>
  )
}

function startOf(fields: Field[], row: Row | null): Row {
  return Object.fromEntries(fields.map(field => [field.name, row ? (field.from ? field.from(row) : row[field.name]) ?? undefined : field.start]))
}

/** Only what was changed goes out, so that nobody overwrites what he did not touch. */
function bodyOf(fields: Field[], typed: Row, before: Row, isNew: boolean): Row {
  const body: Row = {}
  for (const { name, kind, to } of fields) {
    const value = typeof typed[name] === 'string' ? typed[name].trim() : typed[name]
    if (isNew ? value !== undefined && value !== null && value !== '' : kind === 'secret' ? !!value : JSON.stringify(value) !== JSON.stringify(before[name])) body[name] = to ? to(value) : value
  }
  return body
}

function Edit({ kind, fields, row, onDone }: { kind: Kind; fields: Field[]; row: Row | null; onDone: (made: Row | null) => void }) {
  const all = fields.filter(field => !field.when || field.when === (row ? 'old' : 'new'))
  const [before] = useState(() => startOf(all, row))
  const [typed, setTyped] = useState(before)
  const shown = all.filter(field => field.shows?.(typed) ?? true)
  const act = useAct()
  const isMissing = shown.some(field => field.isRequired && (typed[field.name] === undefined || typed[field.name] === null || typed[field.name] === '' || (Array.isArray(typed[field.name]) && !typed[field.name].length)))
  const giveUp = useGiveUp(all.some(field => (typed[field.name] ?? '') !== (before[field.name] ?? '')), () => onDone(null))
  const wrong = act.error instanceof ApiError ? act.error.body.field : undefined
  const save = async () => {
    const body = { ...bodyOf(shown, typed, before, !row), ...(row?.version !== undefined ? { version: row.version } : {}) }
    const made = await act.run(() => call<Row>(kind.path + (row ? `/${row[kind.id]}` : ''), { method: row ? kind.change ?? 'PUT' : 'POST', body }))
    if (made) onDone(made)
  }
  return (
    <Modal open title={`${row ? say('修改', 'Change') : say('新增', 'Add')} · ${row ? nameOf(kind, row) : kind.title()}`} onCancel={giveUp} onOk={save} confirmLoading={act.isBusy}
           okText={say('保存', 'Save')} okButtonProps={{ disabled: isMissing }} footer={footOf(() => onDone(null))} mask={{ closable: false }}>
      <Failure error={act.error} />
      <form onSubmit={event => { event.preventDefault(); if (!isMissing) void save() }}>
        {shown.map(field => <FieldLine key={field.name} field={field} value={typed[field.name]} isNew={!row} isWrong={wrong === field.name} onChange={value => setTyped(now => ({ ...now, [field.name]: value }))} />)}
        <button type="submit" hidden />
      </form>
    </Modal>
  )
}

const nameOf = (kind: Kind, row: Row) => kind.nameOf?.(row) ?? String(row.name ?? row[kind.id])

export function Records({ kind }: { kind: Kind }) {
  const { modal, message } = App.useApp()
  const { may } = useWho()
  const [edited, setEdited] = useState<Row | 'new' | null>(null)
  const [question, setQuestion] = useState<Question | null>(null)
  const [opened, setOpened] = useState<{ act: RowAct; row: Row } | null>(null)
  const [round, setRound] = useState(0)
  const is = kind.describe()
  const mayEdit = !!kind.mayEdit && may(kind.mayEdit)
  const again = () => setRound(n => n + 1)
  const tell = (content: ReactNode) => { if (content) modal.success({ title: say('完成', 'Done'), content, okText: say('知道了', 'Close') }) }
  const ask = (act: RowAct, row: Row) => {
    const run = async (reason: string) => { const answer = await act.run?.(row, reason); if (act.tell) tell(act.tell(answer)); else message.success(say('已完成', 'Done')) }
    setQuestion({
      title: `${act.title} ${nameOf(kind, row)}`, text: act.text?.(row), needsReason: act.needsReason, isDanger: act.isDanger,
      run: (act.run?.length ?? 0) > 1 ? run : () => run(''), /* a reason only where it is kept */
    })
  }
  const drop = (row: Row) => setQuestion({
    title: say(`删除 ${nameOf(kind, row)}？`, `Remove ${nameOf(kind, row)}?`), isDanger: true,
    run: () => call(`${kind.path}/${row[kind.id]}`, { method: 'DELETE', ...(row.version !== undefined ? { headers: { 'If-Match': `"${row.version}"` } } : {}) }),
  })
  const acts = (is.acts ?? []).filter(act => may(act.needs))
  const columns: Column<Row>[] = [...is.columns, ...(mayEdit || acts.length ? [{
    key: 'acts', title: '', show: (row: Row) => (
      <span className="row-acts">
        {mayEdit && is.fields && kind.mayChange !== false && row.is_built_in !== true && <Button size="small" onClick={() => setEdited(row)}>{say('修改', 'Change')}</Button>}
        {acts.filter(act => act.shows?.(row) ?? true).map(act => <Button key={act.title} size="small" danger={act.isDanger} onClick={() => (act.open ? setOpened({ act, row }) : ask(act, row))}>{act.title}</Button>)}
        {mayEdit && kind.mayDrop && <Button size="small" danger onClick={() => drop(row)}>{say('删除', 'Remove')}</Button>}
      </span>
    ),
  }] : [])]

  return (
    <Page title={kind.title()} actions={<>{is.more?.(again, may)}{mayEdit && is.fields && kind.mayMake !== false && <Button type="primary" onClick={() => setEdited('new')}>{say('新增', 'Add')}</Button>}</>}>
      {is.hint && <p className="hint">{is.hint}</p>}
      <List<Row> path={kind.path} label={kind.title()} columns={columns} filters={is.filters} fixed={is.fixed} empty={is.empty} rowKey={row => row[kind.id]} round={round} noPages={kind.noPages} isMoving={kind.isMoving} arrange={kind.arrange} />
      {edited && is.fields && <Edit kind={kind} fields={is.fields} row={edited === 'new' ? null : edited} onDone={made => {
        if (made) { message.success(say('已保存', 'Saved')); again(); tell(edited === 'new' ? is.tellMade?.(made) : is.tellChanged?.(made)) }
        setEdited(null)
      }} />}
      {opened?.act.open?.(opened.row, () => { setOpened(null); again() })}
      <Ask question={question} onDone={isDone => { setQuestion(null); if (isDone) again() }} />
    </Page>
  )
}
