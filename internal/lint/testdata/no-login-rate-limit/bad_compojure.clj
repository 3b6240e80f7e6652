(ns app.core
  (:require [buddy.hashers :as hashers]
            [buddy.sign.jwt :as jwt]
            [clojure.tools.logging :as log]
            [app.db :as db]
            [compojure.core :refer [context defroutes POST]]
            [ring.util.http-response :refer [ok unauthorized]]))

(def secret (System/getenv "JWT_SECRET"))

(defn login [request]
  (let [user (db/find-user (get-in request [:body :name]))]
    (if (hashers/check (get-in request [:body :password]) (:password user))
      (do (log/info "token issued" (:id user) (:remote-addr request))
          (ok {:token (jwt/sign {:sub (:id user) :exp (+ 900 (quot (System/currentTimeMillis) 1000))} secret {:alg :hs256})}))
      (do (log/warn "login refused" (:remote-addr request))
          (unauthorized {:error "wrong"})))))

(defroutes routes
  (context "/api" []
    (POST "/login" [] login))) ;; want no-login-rate-limit
