/** Users: the list is table-driven; whose bills a user sees, organisation by organisation, is said here. */
import { Button, Checkbox, Modal, Select } from 'antd'
import { useState } from 'react'
import { call } from '../api/client'
import { Failure } from '../parts/Failure'
import { Records, type Row } from '../parts/Records'
import { useAct, useLoad } from '../parts/use'
import { say } from '../words'
import { orgOptions, users } from './kinds'

interface Grant { org: string; scope: 'ALL' | 'OWN'; with_below: boolean }

function Grants({ user, onClose }: { user: Row; onClose: () => void }) {
  const orgs = useLoad(orgOptions, [])
  const [grants, setGrants] = useState<Grant[]>(() => (user.grants ?? []).map((one: Row) => ({ org: one.org_code ?? '', scope: one.scope, with_below: one.with_below })))
  const act = useAct()
  const set = (i: number, change: Partial<Grant>) => setGrants(grants.map((one, j) => (j === i ? { ...one, ...change } : one)))
  const save = () => act.run(async () => { await call(`/api/v1/users/${user.user_id}/grants`, { method: 'PUT', body: { grants } }); onClose() })
  const scopes = [{ value: 'ALL', label: say('所有人的单据', 'everybody’s bills') }, { value: 'OWN', label: say('仅本人的单据', 'his own bills') }]
  return (
    <Modal open title={say(`查看范围 · ${user.name}`, `What ${user.name} sees`)} onCancel={onClose} onOk={save} confirmLoading={act.isBusy} okText={say('保存', 'Save')} cancelText={say('取消', 'Cancel')} width={680}>
      <p className="hint">{say('没有为组织设定范围时，只能看到本人和同一扫描点的单据。', 'Without a grant he sees his own bills and those of his scan point.')}</p>
      <Failure error={orgs.error ?? act.error} />
      {grants.map((grant, i) => (
        <div key={i} className="row grant">
          <Select value={grant.org} options={orgs.data ?? []} aria-label={say('组织', 'Organisation')} showSearch optionFilterProp="label" onChange={org => set(i, { org })} />
          <Select value={grant.scope} options={scopes} aria-label={say('范围', 'Scope')} onChange={scope => set(i, { scope })} />
          <Checkbox checked={grant.with_below} onChange={event => set(i, { with_below: event.target.checked })}>{say('含下级', 'and below')}</Checkbox>
          <Button size="small" onClick={() => setGrants(grants.filter((_, j) => j !== i))} aria-label={say('删除此项', 'Drop this')}>✕</Button>
        </div>
      ))}
      <Button onClick={() => setGrants([...grants, { org: String(orgs.data?.[0]?.value ?? ''), scope: 'ALL', with_below: false }])}>{say('添加组织', 'Add an organisation')}</Button>
    </Modal>
  )
}

export default function Users() {
  const [shown, setShown] = useState<Row | null>(null)
  const [round, setRound] = useState(0)
  return (
    <>
      <Records key={round} kind={users(setShown)} />
      {shown && <Grants user={shown} onClose={() => { setShown(null); setRound(n => n + 1) }} />}
    </>
  )
}
