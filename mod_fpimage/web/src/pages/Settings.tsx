/** The tenant's switches and modes; and what httpd's configuration rules, which is only shown. */
import { App, Button, Input, Select } from 'antd'
import { useState } from 'react'
import { call } from '../api/client'
import { Failure } from '../parts/Failure'
import { Page } from '../parts/Page'
import { useTypeName } from '../parts/BillType'
import type { Option } from '../parts/Records'
import { type Loaded, useAct, useLoad } from '../parts/use'
import { useWho } from '../session'
import { say, size } from '../words'
import { orgOptions } from './kinds'

interface Answer {
  modes: { scope: string; code: string | null; mode: string | null }[]
  switches: { name: string; value: string | null; standard: string; help: string }[]
  fixed: { name: string; value: string | null; directive: string | null; help: string }[]
  pull_path: string
  is_pull_path_standard: boolean
}

const PATH = '/api/v1/receipt-settings'
const modes = () => [{ value: 'BASIC', label: say('基础：采集、提交、通知 ERP', 'basic: capture, submit, tell the ERP') }, { value: 'MATCH', label: say('匹配：与收票单逐张核对', 'match: against the receipt') }, { value: 'SYNC', label: say('同步：随收票推送生成影像', 'sync: images come with the push') }]
const scopeName = (scope: string) => ({ TENANT: say('租户', 'tenant'), ORGANISATION: say('组织', 'organisation'), BILL_TYPE: say('单据类型', 'bill type') }[scope] ?? scope)

/** A mode for one organisation, which goes before the tenant's; of a bill type it is said where bill types are. */
function OrgMode({ orgs, onSave }: { orgs: Loaded<Option[]>; onSave: (code: string, mode: string) => void }) {
  const [code, setCode] = useState<string>()
  const [mode, setMode] = useState<string>()
  return (
    <div className="row">
      <Select value={code} options={orgs.data ?? []} aria-label={say('组织', 'Organisation')} placeholder={say('为组织单独设定', 'for one organisation')} showSearch optionFilterProp="label" onChange={value => setCode(String(value))} />
      <Select value={mode} options={modes()} aria-label={say('该组织的模式', 'Its mode')} placeholder={say('模式', 'mode')} onChange={setMode} />
      <Button disabled={!code || !mode} onClick={() => { if (code && mode) { onSave(code, mode); setCode(undefined); setMode(undefined) } }}>{say('设定', 'Set')}</Button>
      <Failure error={orgs.error} />
    </div>
  )
}

/** Below the cloud's address: where the invoices of a bill are asked for. */
function PullPath({ path, isStandard, onSave }: { path: string; isStandard: boolean; onSave: (path: string | null) => void }) {
  const [typed, setTyped] = useState(path)
  return (
    <div className="row">
      <Input className="path" value={typed} maxLength={200} aria-label={say('收票取数路径', 'Path of the receipts')} onChange={event => setTyped(event.target.value)} onPressEnter={() => onSave(typed.trim())} />
      <Button disabled={!typed.trim() || typed.trim() === path} onClick={() => onSave(typed.trim())}>{say('保存', 'Save')}</Button>
      {!isStandard && <Button onClick={() => onSave(null)}>{say('恢复默认', 'The standard')}</Button>}
    </div>
  )
}

const onOff = (text: string) => text === 'on' ? say('开', 'on') : text === 'off' ? say('关', 'off') : text.startsWith('on once') ? say('取得发票云 token 后开', 'on once the cloud has given a token') : text
/* the directives' own help is English, as httpd's is */
const fixed: Record<string, string> = {
  cloud: '发票云地址', push_address: '收票助手的推送地址，登记到总部推送表', max_file: '单个文件上限', max_json: '请求报文上限', fetch_allow: '允许取回文件的主机', push_allow: '允许推送的来源地址',
  erp_allow: '允许访问的业务系统地址',
}
const fixedHelp = (one: Answer['fixed'][number]) => say(fixed[one.name] ?? one.help, one.help)

export default function Settings() {
  const { message } = App.useApp()
  const { may } = useWho()
  const load = useLoad(signal => call<Answer>(PATH, { signal }), [])
  const act = useAct()
  const all = load.data
  const save = (body: object) => act.run(async () => { await call(PATH, { method: 'PATCH', body }); message.success(say('已保存', 'Saved')); load.again() })
  const typeName = useTypeName()
  const orgs = useLoad(() => (may('PEOPLE_VIEW') ? orgOptions() : Promise.resolve([])), [])
  const orgName = (code: string | null) => orgs.data?.find(one => one.value === code)?.label ?? code
  const tenant = all?.modes.find(one => one.scope === 'TENANT')
  const standardMode = all?.modes.find(one => one.scope === 'DEFAULT')?.mode
  const standard = (text: string) => say(`默认（${text}）`, `standard (${text})`)
  return (
    <Page title={say('模式与开关', 'Modes and switches')}>
      <Failure error={load.error ?? act.error} onRetry={load.again} />
      {all && (
        <>
          <h2>{say('影像模式', 'Mode')}</h2>
          <Select className="wide" value={tenant?.mode ?? undefined} options={modes()} aria-label={say('影像模式', 'Mode')} placeholder={modes().find(one => one.value === standardMode)?.label} onChange={mode => save({ modes: [{ scope: 'TENANT', mode }] })} />
          <ul>{all.modes.filter(one => one.scope !== 'TENANT' && one.scope !== 'DEFAULT').map(one => <li key={one.scope + one.code}>{scopeName(one.scope)} <strong>{one.scope === 'BILL_TYPE' ? typeName(one.code ?? '') : orgName(one.code)}</strong>{say('：', ': ')}{modes().find(each => each.value === one.mode)?.label ?? one.mode} <Button size="small" onClick={() => save({ modes: [{ scope: one.scope, code: one.code, mode: null }] })}>{say('取消', 'Take away')}</Button></li>)}</ul>
          {may('PEOPLE_VIEW') && <OrgMode orgs={orgs} onSave={(code, mode) => save({ modes: [{ scope: 'ORGANISATION', code, mode }] })} />}
          <h2>{say('开关', 'Switches')}</h2>
          <div className="table-frame" role="region" tabIndex={0} aria-label={say('开关', 'Switches')}>
            <table className="table"><thead><tr><th scope="col">{say('开关', 'Switch')}</th><th scope="col">{say('取值', 'Value')}</th></tr></thead><tbody>
              {all.switches.map(one => (
                <tr key={one.name}>
                  <td><div>{one.help}<br /><code className="quiet">{one.name}</code></div></td>
                  <td><Select className="switch" value={one.value ?? ''} aria-label={one.help} onChange={value => save({ switches: [{ name: one.name, value: value || null }] })} options={[{ value: '', label: standard(onOff(one.standard)) }, { value: 'on', label: say('开', 'on') }, { value: 'off', label: say('关', 'off') }]} /></td>
                </tr>
              ))}
            </tbody></table>
          </div>
          <h2>{say('收票取数路径', 'Path of the receipts')}</h2>
          <p className="hint">{say('在发票云地址之下，按单据取其发票与文件。仅当发票云给出了不同的路径时才需修改。', 'Below the cloud’s address: where a bill’s invoices and files are asked for. Only where the cloud has named another.')}</p>
          <PullPath key={all.pull_path} path={all.pull_path} isStandard={all.is_pull_path_standard} onSave={path => save({ pull_path: path })} />
          <h2>{say('由 httpd 配置决定（只读）', 'Ruled by httpd’s configuration')}</h2>
          <div className="table-frame" role="region" tabIndex={0} aria-label={say('只读设置', 'Fixed')}>
            <table className="table"><tbody>{all.fixed.map(one => <tr key={one.name}><th scope="row">{one.directive ?? say('推送地址', 'Push address')}</th><td>{one.name.startsWith('max_') ? size(Number(one.value)) : one.value ? <code>{one.value}</code> : <span className="quiet">{say('未设置', 'not set')}</span>}</td><td className="quiet">{fixedHelp(one)}</td></tr>)}</tbody></table>
          </div>
        </>
      )}
    </Page>
  )
}
