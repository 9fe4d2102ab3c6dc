# What there is to deploy is generated from the code; nothing of it is typed here again.
locals {
  generated = "${path.module}/../../../../schemas/generated"
  topology  = jsondecode(file("${local.generated}/topology.json"))
  openapi   = jsondecode(file("${local.generated}/openapi.json"))

  functions = local.topology.functions
  faces     = toset(local.topology.services)

  # schemas/generated/events/crawl.failed.v1.json is one version of the event crawl.failed
  events    = toset([for name in fileset("${local.generated}/events", "*.json") : regex("^(.+)\\.v[0-9]+\\.json$", name)[0]])
  doorbells = toset(flatten([for one in local.functions : try(one.doorbells, [])]))
  topics    = setunion(local.events, local.doorbells)

  # Named as the code names them: function.topic
  subscriptions = merge([
    for name, one in local.functions : {
      for topic in concat(try(one.topics, []), try(one.doorbells, [])) :
      "${name}.${topic}" => { function = name, topic = topic }
    }
  ]...)

  # The load balancer's paths by their first tags; all others are those of the jobs. What is below a variable part
  # goes where everything below the part before it goes.
  routes = {
    for service in local.faces : service => sort(distinct([
      for path, operations in local.openapi.paths : replace(path, "/\\{.*$/", "*")
      if startswith(path, "/api/") && contains([for one in values(operations) : one.tags[0]], service)
    ]))
  }
}
