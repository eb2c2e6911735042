-- The ERP announces one new bill after the other.
local run, token, tax_no = os.getenv("BENCH_RUN"), os.getenv("BENCH_TOKEN"), os.getenv("BENCH_TAX_NO")
local headers = { ["Content-Type"] = "application/json" }
local path = "/api/imgsys/bill/signPost/erpBillPush?access_token=" .. token
local n = 0

local tail = string.format('","fbillTypeCode":"BX01","fbillTypeDes":"差旅费报销单","fapplyUserName":"张三",'
    .. '"fapplyUserPhone":"13800000000","fapplyErpUserName":"zhangsan","fapplyOrganizationCode":"ORG-0001",'
    .. '"fapplyOrganizationName":"示例有限公司","resource":"EAS","taxNo":"%s"}', tax_no)

function request()
    n = n + 1
    local id = run .. "-" .. n
    return wrk.format("POST", path, headers,
        '{"fscanBillNo":"YX' .. id .. '","fbillId":"ID' .. id .. '","billNo":"BX' .. id .. tail)
end
